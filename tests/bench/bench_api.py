"""Measures the market service under reads, beside a plain FastAPI route that returns a constant.

Run: ``PYTHONPATH=. python tests/bench/bench_api.py [--json] [--jobs 10000] [--rate 200]``.

The service runs in a process of its own over an SQLite index of ``--jobs`` settled jobs, with all
its guards; only the indexer's loop is left out, and the limit of reads per address is lifted. The
plain application runs in another. Requests leave on a fixed schedule whatever the answers do, and
a latency counts from the scheduled moment, so queueing is not hidden. Both are asked in turns of
``--turn`` seconds, so that other work on the machine hits both alike. Processor time per request is
the server's own, counted by the kernel. The index stands still, so five of six questions repeat
within the time for which answers are kept; with ``--fresh`` none does: each is read from tables.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import numpy as np
import psutil
from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    address,
    busy_market,
    index_blocks,
    job_id,
)

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore

CHAIN_TIME_S = 1_800_000_000


def serve(kind: str, descriptor: int, folder: Path) -> None:
    """Serve one of the two applications on an open socket until killed."""
    import uvicorn
    from fastapi import FastAPI

    if kind == "plain":
        app = FastAPI()

        @app.get("/constant")
        async def constant() -> dict[str, int]:
            return {"block": 1}

    else:
        from neurovoyance.marketplace.api.app import make_app, make_parts
        from neurovoyance.marketplace.indexer.loop import Progress
        from neurovoyance.marketplace.serving import TURN_S
        from neurovoyance.marketplace.settings import MarketSettings

        sys.setswitchinterval(TURN_S)
        settings = MarketSettings(
            database_url=f"sqlite:///{folder / 'index.sqlite'}",
            rpc_urls=("http://127.0.0.1:9",),
            chain_id=DEPLOYMENT.chain_id,
            deployment_path=folder / "none",
            state_dir=folder / "state",
            reads_per_minute=10**9,
        )
        database = Database(settings.database_url.get_secret_value())
        progress = Progress(chain_time_s=CHAIN_TIME_S)
        port = socket.socket(fileno=os.dup(descriptor)).getsockname()[1]
        app = make_app(make_parts(settings, DEPLOYMENT, database, progress, port=port))
    config = uvicorn.Config(app, log_level="critical", access_log=False, ws="none", lifespan="off")
    asyncio.run(uvicorn.Server(config).serve([socket.socket(fileno=descriptor)]))


@contextmanager
def started(kind: str, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run a server as a child; yield its URL and process."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        child = subprocess.Popen(
            [sys.executable, __file__, "--serve", kind, str(listener.fileno()), str(folder)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=(listener.fileno(),),
        )
    try:
        yield url, psutil.Process(child.pid)
    finally:
        child.kill()
        child.wait()


def unlike(paths: Iterator[str]) -> Iterator[str]:
    """Yield paths with a part that no route knows, so that no question is asked twice."""
    for number, path in enumerate(paths):
        yield f"{path}{'&' if '?' in path else '?'}fresh={number}"


def paths_of(kind: str, jobs: int) -> Iterator[str]:
    """Yield what is asked for, round and round: what pages and clients of the market read."""
    if kind == "plain":
        yield from itertools.repeat("/constant")
    for number in itertools.count():
        yield f"/v1/jobs/0x{job_id(number * 7_919 % jobs).hex()}"
        yield "/v1/jobs?limit=20"
        yield f"/v1/providers/{address(200 + number % 8)}"
        yield f"/v1/money/{address(200 + number % 8)}"
        yield "/v1/prices"
        yield "/v1/events?limit=20"


async def turn(
    session: aiohttp.ClientSession, url: str, paths: Iterator[str], rate: float, seconds: float
) -> tuple[list[float], int]:
    """Ask on schedule; return latencies in milliseconds and how many answers were not 200."""
    begun, found, failed = time.perf_counter() + 0.01, [], 0

    async def ask(due_s: float, path: str) -> None:
        nonlocal failed
        await asyncio.sleep(due_s - time.perf_counter())
        async with session.get(url + path) as response:
            await response.read()
            failed += response.status != 200
        found.append((time.perf_counter() - due_s) * 1_000)

    asked = (ask(begun + n / rate, next(paths)) for n in range(round(rate * seconds)))
    await asyncio.gather(*asked)
    return found, failed


async def until_ready(session: aiohttp.ClientSession, url: str) -> None:
    """Wait until a server answers anything."""
    async with asyncio.timeout(60), session.get(url + "/nothing") as response:
        await response.read()


async def compare(
    folder: Path, jobs: int, rate: float, seconds: float, turn_s: float, *, is_fresh: bool
) -> dict[str, object]:
    """Ask both servers in turns and return their figures."""
    kinds = ("market", "plain")
    latencies: dict[str, list[float]] = {kind: [] for kind in kinds}
    failed, spent = dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0.0)
    paths = {kind: paths_of(kind, jobs) for kind in kinds}
    if is_fresh:
        paths = {kind: unlike(some) for kind, some in paths.items()}
    connector = aiohttp.TCPConnector(limit=0)
    with started("market", folder) as market, started("plain", folder) as plain:
        servers = {"market": market, "plain": plain}
        async with aiohttp.ClientSession(connector=connector) as session:
            for kind, (url, _) in servers.items():
                await until_ready(session, url)
                await turn(session, url, paths[kind], rate, 1)
            for _ in range(max(1, round(seconds / turn_s))):
                for kind, (url, process) in servers.items():
                    before = sum(process.cpu_times()[:2])
                    took, bad = await turn(session, url, paths[kind], rate, turn_s)
                    spent[kind] += sum(process.cpu_times()[:2]) - before
                    latencies[kind] += took
                    failed[kind] += bad
    found: dict[str, dict[str, float]] = {
        kind: {
            "p50_ms": round(float(np.quantile(took, 0.5)), 2),
            "p99_ms": round(float(np.quantile(took, 0.99)), 2),
            "cpu_ms": round(1_000 * spent[kind] / len(took), 2),
            "requests": len(took),
            "not_200": failed[kind],
        }
        for kind, took in latencies.items()
    }
    ratio = {
        name: round(found["market"][name] / max(found["plain"][name], 1e-9), 2)
        for name in ("p50_ms", "p99_ms", "cpu_ms")
    }
    return {**found, "ratio": ratio, "jobs": jobs, "rate": rate, "load": os.getloadavg()[0]}


def fill(folder: Path, jobs: int) -> None:
    """Write an index of a market where so many jobs were settled."""
    database = Database(f"sqlite:///{folder / 'index.sqlite'}")
    index_blocks(IndexStore(database, DEPLOYMENT), busy_market(jobs), "a", 100)
    database.close()


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--turn", type=float, default=2.0)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--serve", nargs=3)
    options = parser.parse_args()
    if options.serve:
        kind, descriptor, folder = options.serve
        serve(kind, int(descriptor), Path(folder))
        return
    with tempfile.TemporaryDirectory(prefix="neurovoyance-bench-") as name:
        fill(Path(name), options.jobs)
        found = asyncio.run(
            compare(
                Path(name),
                options.jobs,
                options.rate,
                options.seconds,
                options.turn,
                is_fresh=options.fresh,
            )
        )
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{options.rate:g} reads/s over {options.jobs} jobs, load {found['load']:.1f}")
    for kind in ("market", "plain", "ratio"):
        print(f"  {kind:7} {found[kind]}")


if __name__ == "__main__":
    main()
