"""Measures what a node costs that has nothing to do: processor, memory, requests to the chain.

Run: ``python tests/bench/bench_idle_agent.py [--json] [--seconds 60] [--only dedicated]``.

A devnet with a block a second and the contracts of ``neurovoyance up``; one node, enrolled, without
a model, with the default settings of ``node start``, in a process of its own. It is looked at after
``--settle`` seconds. Once as a dedicated machine and once with the owner's sensors (idle mode).
Processor time is that of the node and of all its children, counted by the kernel, so other work on
the machine hardly changes it; requests are counted by a proxy between node and chain. Memory is
resident, and proportional (pages shared with other processes counted in part). Targets: 0.5 % of a
core, 150 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
from aiohttp import web

from neurovoyance.chain.genesis import AuditSettings
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.processes import Child

TARGETS = {"core_percent": 0.5, "resident_mb": 150.0}
MODES = {"dedicated": "", "idle": 'idle = "idle"\n'}


@asynccontextmanager
async def counted(rpc_url: str, counts: Counter[str]) -> AsyncIterator[str]:
    """Pass JSON-RPC on and count requests (``http``) and calls by method; yield the URL."""
    async with aiohttp.ClientSession() as session:

        async def forward(request: web.Request) -> web.Response:
            body = await request.read()
            asked = json.loads(body)
            counts["http"] += 1
            counts.update(
                call["method"] for call in (asked if isinstance(asked, list) else [asked])
            )
            async with session.post(
                rpc_url, data=body, headers={"Content-Type": "application/json"}
            ) as answer:
                return web.Response(
                    body=await answer.read(), status=answer.status, content_type="application/json"
                )

        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/", forward)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def spent_s(pid: int) -> float:
    """Return the CPU seconds of a process and its descendants, ended ones included."""
    total = 0.0
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_mb(pid: int) -> tuple[float, float]:
    """Return resident and proportional memory of a process and its descendants, in MB."""
    root = psutil.Process(pid)
    infos = [p.memory_full_info() for p in (root, *root.children(recursive=True))]
    return sum(i.rss for i in infos) / 1e6, sum(i.pss for i in infos) / 1e6


async def measured(
    network: LocalNetwork, mode: str, seconds: float, settle_s: float
) -> dict[str, object]:
    """Start the network's node with the defaults in a mode and return its figures."""
    config = network.folder / "node-1" / "node.toml"
    text = config.read_text()
    counts: Counter[str] = Counter()
    async with counted(network.rpc_url, counts) as url:
        text = re.sub(r"^(poll_interval_s|idle) = .*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"^rpc_urls = .*", f'rpc_urls = ["{url}"]', text, flags=re.MULTILINE)
        config.write_text(MODES[mode] + text)
        child = Child(
            mode,
            ["neurovoyance.node", "--config", str(config)],
            network.folder / "logs" / f"{mode}.log",
        )
        child.start()
        try:
            await asyncio.sleep(settle_s)
            if not child.is_running:
                raise SystemExit(child.log_path.read_text()[-2_000:])
            before, asked = spent_s(child.pid), counts.copy()
            await asyncio.sleep(seconds)
            used_s = spent_s(child.pid) - before
            resident, proportional = memory_mb(child.pid)
            processes = 1 + len(psutil.Process(child.pid).children(recursive=True))
        finally:
            child.kill()
    calls = counts - asked
    return {
        "core_percent": round(100 * used_s / seconds, 2),
        "resident_mb": round(resident, 1),
        "proportional_mb": round(proportional, 1),
        "processes": processes,
        "requests_per_s": round(calls.pop("http", 0) / seconds, 2),
        "calls_per_s": {name: round(count / seconds, 2) for name, count in sorted(calls.items())},
    }


async def run(modes: list[str], seconds: float, settle_s: float) -> dict[str, object]:
    """Measure one mode after the other on one network."""
    found: dict[str, object] = {"load": round(os.getloadavg()[0], 1), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="neurovoyance-bench-") as name:
        network = LocalNetwork(
            Path(name), node_count=1, audits=AuditSettings.local(), has_economy=True
        )
        async with network:
            for child in network.children[1:]:
                child.kill()
            for mode in modes:
                found[mode] = await measured(network, mode, seconds, settle_s)
    return found


def show(found: dict[str, object]) -> None:
    """Print the figures, misses included."""
    print(f"load {found['load']} on {found['cores']} cores")
    for mode, figures in found.items():
        if not isinstance(figures, dict):
            continue
        print(mode)
        for name, value in figures.items():
            target = TARGETS.get(name)
            verdict = "" if target is None else "met" if value < target else "MISSED"
            print(f"  {name:16} {value}  {'' if target is None else f'target {target}'} {verdict}")


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=20.0)
    parser.add_argument("--only", choices=tuple(MODES))
    options = parser.parse_args()
    modes = [options.only] if options.only else list(MODES)
    found = asyncio.run(run(modes, options.seconds, options.settle))
    print(json.dumps(found, indent=2)) if options.json else show(found)


if __name__ == "__main__":
    main()
