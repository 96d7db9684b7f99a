"""Measures the embedded store: add, verified read, fetch over loopback, peak memory.

Run: ``python tests/bench/bench_storage.py [--json] [--size-mib 1024] [--dir DIR]``. Each measured
step runs in a process of its own, so that its peak memory is its own; the fetch has its serving
peers in further processes, which answer before the clock starts. Rates are in MB/s (10**6 bytes a
second) of content, best and median of ``--repeat``, with the processor seconds of both sides;
every byte is hashed where it arrives. Targets are those of the storage design: 500 add, 400 read,
300 fetch from one peer, 5 times the best rival, peak memory below 150 MB. Rivals move the first
``--rival-mib`` of the same file in the same run; see ``storage_rivals.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from neurovoyance.ipfs import PROBE, Cid, EmbeddedBackend

MIB = 1 << 20
TARGETS = {"add": 500.0, "read": 400.0, "fetch_1_peer": 300.0}
PEAK_MB = 150.0
RIVAL_RATIO = 5.0


def make_file(path: Path, size_mib: int) -> None:
    """Write random bytes."""
    source = random.Random(1)
    with path.open("wb") as file:
        for _ in range(size_mib):
            file.write(source.randbytes(MIB))


async def measure(
    step: str, store_dir: Path, argument: str, sources: list[str]
) -> dict[str, object]:
    """Do one step and return its seconds, the CID and the process's peak memory in MB."""
    base_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    async with EmbeddedBackend(store_dir, allow_private_addresses=True) as store:
        started_s, worked_s = time.perf_counter(), time.process_time()
        cid = argument
        if step == "add":
            cid = str(await store.add(Path(argument)))
        elif step == "read":
            async for _ in store.open(Cid.from_text(cid)):
                pass
        elif step == "fetch":
            await store.ensure(Cid.from_text(cid), sources=sources)
        elif step == "export":
            await store.fetch(Cid.from_text(cid), store_dir / "exported")
        seconds, worked_s = time.perf_counter() - started_s, time.process_time() - worked_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {
        "seconds": seconds,
        "cpu_s": worked_s,
        "cid": cid,
        "peak_mb": peak_mb,
        "imports_mb": base_mb,
    }


async def serve(store_dir: Path, descriptor: int, rate_bytes_s: int) -> None:
    """Serve a store's provided content on an open socket until killed."""
    import uvicorn
    from starlette.types import Message, Receive, Scope, Send

    from neurovoyance.ipfs import RateLimit, gateway_app

    store = EmbeddedBackend(store_dir)
    app = gateway_app(store, rate_limit=RateLimit(1e6, 1_000_000))
    free_at_s = 0.0

    async def throttled(scope: Scope, receive: Receive, send: Send) -> None:
        async def slow(message: Message) -> None:
            nonlocal free_at_s
            now_s = time.monotonic()
            free_at_s = max(free_at_s, now_s) + len(message.get("body", b"")) / rate_bytes_s
            await asyncio.sleep(free_at_s - now_s)
            await send(message)

        await app(scope, receive, slow if rate_bytes_s else send)

    config = uvicorn.Config(throttled, log_level="critical", ws="none", lifespan="off")
    await uvicorn.Server(config).serve([socket.socket(fileno=descriptor)])


def child(*arguments: str, inherit: int | None = None) -> subprocess.Popen[bytes]:
    """Start this script as a child with ``arguments``."""
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        pass_fds=() if inherit is None else (inherit,),
    )


def step(*arguments: str) -> dict[str, object]:
    """Run one measured step in a child."""
    process = child("--child", *arguments)
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"the step {arguments[0]} failed")
    return dict(json.loads(output))


def fetch_from(
    work: Path, cid: str, peers: int, rate_bytes_s: int, *, is_warm: bool = False
) -> dict[str, object]:
    """Fetch from ``peers`` serving processes, each throttled if ``rate_bytes_s`` is not 0.

    Warm ones have served all of it once before, and so have hashed it.
    """
    servers, urls = [], []
    try:
        for _ in range(peers):
            listener = socket.create_server(("127.0.0.1", 0))
            urls.append(f"http://127.0.0.1:{listener.getsockname()[1]}")
            fd = str(listener.fileno())
            servers.append(
                child("--serve", str(work / "store"), fd, str(rate_bytes_s), inherit=int(fd))
            )
            listener.close()
        for url in urls:
            _await_server(url)
        if is_warm:
            _aside(work / "other")
            step("fetch", str(work / "other"), cid, *urls)
        _aside(work / "other")
        before_s = sum(map(_worked_s, servers))
        found = step("fetch", str(work / "other"), cid, *urls)
        return found | {"serve_cpu_s": sum(map(_worked_s, servers)) - before_s}
    finally:
        for server in servers:
            server.kill()
            server.wait()


def _await_server(url: str) -> None:
    """Return when a server answers, so that its start is not measured."""
    with urllib.request.urlopen(f"{url}/ipfs/{PROBE}?format=raw", timeout=60) as answer:
        answer.read()


def _aside(store: Path) -> None:
    """Make room for a new store. Deleting the old one would slow down the making of new files."""
    if store.exists():
        store.rename(store.with_name(f"old-{time.monotonic_ns()}"))


def _worked_s(process: subprocess.Popen[bytes]) -> float:
    """Return the processor seconds that a running process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def offer(store_dir: Path, cid: str) -> None:
    """Mark the file as provided."""
    async with EmbeddedBackend(store_dir) as store:
        await store.provide(Cid.from_text(cid))


def _median_per_gib(runs: list[dict[str, object]], name: str, size_mib: int) -> float:
    return round(statistics.median(float(str(run[name])) for run in runs) * 1024 / size_mib, 2)


def run(work: Path, size_mib: int, repeat: int) -> dict[str, object]:
    """Run every step and return the figures."""
    make_file(work / "file", size_mib)
    size_mb = size_mib * MIB / 1e6
    results: dict[str, Any] = {"size_mib": size_mib, "cores": os.cpu_count()}

    def record(name: str, runs: list[dict[str, object]]) -> None:
        rates = [size_mb / float(str(r["seconds"])) for r in runs]
        results[name] = {
            "mb_s": round(max(rates), 1),
            "mb_s_median": round(statistics.median(rates), 1),
            "mb_s_all": [round(rate, 1) for rate in rates],
            "peak_mb": max(round(float(str(r["peak_mb"])), 1) for r in runs),
            "imports_mb": round(float(str(runs[0]["imports_mb"])), 1),
            "cpu_s_per_gib": _median_per_gib(runs, "cpu_s", size_mib),
        }
        if "serve_cpu_s" in runs[0]:
            results[name]["serve_cpu_s_per_gib"] = _median_per_gib(runs, "serve_cpu_s", size_mib)

    adds = []
    for _ in range(repeat):
        shutil.rmtree(work / "store", ignore_errors=True)
        adds.append(step("add", str(work / "store"), str(work / "file")))
    record("add", adds)
    cid = str(adds[0]["cid"])
    record("read", [step("read", str(work / "store"), cid) for _ in range(repeat)])
    asyncio.run(offer(work / "store", cid))
    record("fetch_1_peer", [fetch_from(work, cid, 1, 0) for _ in range(repeat)])
    record("fetch_1_warm_peer", [fetch_from(work, cid, 1, 0, is_warm=True) for _ in range(repeat)])
    record("read_own_blocks", [step("read", str(work / "other"), cid) for _ in range(repeat)])
    record("export", [step("export", str(work / "other"), cid)])
    for peers in (1, 3):
        record(f"fetch_{peers}_peers_at_40_mb_s", [fetch_from(work, cid, peers, 40_000_000)])
    return results


def against_rivals(work: Path, size_mib: int, repeat: int) -> dict[str, object]:
    """Fetch a file of ``size_mib`` as rivals do, in turns; medians of ``repeat`` rounds."""
    import storage_rivals

    make_file(work / "small", size_mib)
    shutil.rmtree(work / "store", ignore_errors=True)
    cid = str(step("add", str(work / "store"), str(work / "small"))["cid"])
    asyncio.run(offer(work / "store", cid))
    size_mb = size_mib * MIB / 1e6
    own: list[float] = []
    others: dict[str, list[float]] = {}
    reasons: dict[str, str] = {}
    for _ in range(repeat):
        fetched = fetch_from(work, cid, 1, 0, is_warm=True)
        own.append(size_mb / float(str(fetched["seconds"])))
        for rival in storage_rivals.RIVALS:
            run = rival(work, work / "small")
            if run.mb_s is None:
                reasons[run.name] = run.reason
            else:
                others.setdefault(run.name, []).append(run.mb_s)
    found: dict[str, object] = {"size_mib": size_mib, "own_mb_s": round(statistics.median(own), 1)}
    for name, rates in others.items():
        ratios = [mine / other for mine, other in zip(own, rates, strict=False)]
        found[name] = {
            "mb_s": round(statistics.median(rates), 1),
            "own_is_times": round(statistics.median(ratios), 2),
            "own_is_times_all": [round(ratio, 2) for ratio in ratios],
        }
    return found | {name: {"skipped": reason} for name, reason in reasons.items()}


def show_rivals(found: dict[str, object]) -> None:
    """Print how the store stands beside the others, misses included."""
    print(f"\n{'fetch of ' + str(found['size_mib']) + ' MiB':28} {found['own_mb_s']:8} MB/s")
    for name, figures in found.items():
        if not isinstance(figures, dict):
            continue
        if "skipped" in figures:
            print(f"{name:28}  {figures['skipped']}")
            continue
        times = float(figures["own_is_times"])
        verdict = "met" if times >= RIVAL_RATIO else "MISSED"
        print(f"{name:28} {figures['mb_s']:8} MB/s  ours is {times} x (target 5 x, {verdict})")


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--size-mib", type=int, default=1024)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rival-mib", type=int, default=256, help="0 leaves the rivals out")
    parser.add_argument("--dir", type=Path, default=None)
    parser.add_argument("--child", nargs="+")
    parser.add_argument("--serve", nargs=3)
    options = parser.parse_args()
    if options.child:
        name, store_dir, argument, *sources = options.child
        print(json.dumps(asyncio.run(measure(name, Path(store_dir), argument, sources))))
        return
    if options.serve:
        store_dir, descriptor, rate = options.serve
        asyncio.run(serve(Path(store_dir), int(descriptor), int(rate)))
        return
    with tempfile.TemporaryDirectory(dir=options.dir) as work:
        results = run(Path(work), options.size_mib, options.repeat)
        rivals: dict[str, object] = {}
        if options.rival_mib:
            rivals = against_rivals(Path(work), options.rival_mib, options.repeat)
    if options.json:
        print(json.dumps(results | {"rivals": rivals}, indent=2))
        return
    for name, figures in results.items():
        if isinstance(figures, dict):
            target = ""
            if name in TARGETS:
                verdict = "met" if figures["mb_s"] >= TARGETS[name] else "MISSED"
                target = f"  (target {TARGETS[name]:.0f}, {verdict})"
            worked = f"{figures['cpu_s_per_gib']} s of processor a GiB"
            if "serve_cpu_s_per_gib" in figures:
                worked += f", serving {figures['serve_cpu_s_per_gib']}"
            print(
                f"{name:28} {figures['mb_s']:8} MB/s (median {figures['mb_s_median']})  "
                f"peak {figures['peak_mb']} MB  {worked}{target}"
            )
    if rivals:
        show_rivals(rivals)


if __name__ == "__main__":
    main()
