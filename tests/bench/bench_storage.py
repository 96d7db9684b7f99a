"""Measures the embedded store: add, verified read, fetch over loopback, peak memory.

Run: ``python tests/bench/bench_storage.py [--json] [--size-mib 1024] [--dir DIR]``. Each measured
step runs in a process of its own, so that its peak memory is its own; the fetch has its serving
peers in further processes. Rates are in MB/s (10**6 bytes a second) of content, best of
``--repeat``; every byte is hashed. Targets are those of the storage design: 500 add, 400 read,
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
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from neurovoyance.ipfs import Cid, EmbeddedBackend

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
        started_s = time.perf_counter()
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
        seconds = time.perf_counter() - started_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"seconds": seconds, "cid": cid, "peak_mb": peak_mb, "imports_mb": base_mb}


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


def fetch_from(work: Path, cid: str, peers: int, rate_bytes_s: int) -> dict[str, object]:
    """Fetch from ``peers`` serving processes, each throttled if ``rate_bytes_s`` is not 0."""
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
        shutil.rmtree(work / "other", ignore_errors=True)
        return step("fetch", str(work / "other"), cid, *urls)
    finally:
        for server in servers:
            server.kill()
            server.wait()


async def offer(store_dir: Path, cid: str) -> None:
    """Mark the file as provided."""
    async with EmbeddedBackend(store_dir) as store:
        await store.provide(Cid.from_text(cid))


def run(work: Path, size_mib: int, repeat: int) -> dict[str, object]:
    """Run every step and return the figures."""
    make_file(work / "file", size_mib)
    size_mb = size_mib * MIB / 1e6
    results: dict[str, object] = {"size_mib": size_mib, "cores": os.cpu_count()}

    def record(name: str, runs: list[dict[str, object]]) -> None:
        rates = [size_mb / float(str(r["seconds"])) for r in runs]
        results[name] = {
            "mb_s": round(max(rates), 1),
            "mb_s_all": [round(rate, 1) for rate in rates],
            "peak_mb": max(round(float(str(r["peak_mb"])), 1) for r in runs),
            "imports_mb": round(float(str(runs[0]["imports_mb"])), 1),
        }

    adds = []
    for _ in range(repeat):
        shutil.rmtree(work / "store", ignore_errors=True)
        adds.append(step("add", str(work / "store"), str(work / "file")))
    record("add", adds)
    cid = str(adds[0]["cid"])
    record("read", [step("read", str(work / "store"), cid) for _ in range(repeat)])
    asyncio.run(offer(work / "store", cid))
    record("fetch_1_peer", [fetch_from(work, cid, 1, 0) for _ in range(repeat)])
    record("read_own_blocks", [step("read", str(work / "other"), cid) for _ in range(repeat)])
    record("export", [step("export", str(work / "other"), cid)])
    for peers in (1, 3):
        record(f"fetch_{peers}_peers_at_40_mb_s", [fetch_from(work, cid, peers, 40_000_000)])
    return results


def against_rivals(work: Path, size_mib: int, repeat: int) -> dict[str, object]:
    """Fetch a file of ``size_mib`` as rivals do, one after the other, best of ``repeat``."""
    import storage_rivals

    make_file(work / "small", size_mib)
    shutil.rmtree(work / "store", ignore_errors=True)
    cid = str(step("add", str(work / "store"), str(work / "small"))["cid"])
    asyncio.run(offer(work / "store", cid))
    size_mb = size_mib * MIB / 1e6
    own = max(size_mb / float(str(fetch_from(work, cid, 1, 0)["seconds"])) for _ in range(repeat))
    found: dict[str, object] = {"size_mib": size_mib, "own_mb_s": round(own, 1)}
    for rival in storage_rivals.RIVALS:
        runs = [rival(work, work / "small") for _ in range(repeat)]
        rates = [run.mb_s for run in runs if run.mb_s is not None]
        found[runs[0].name] = (
            {"mb_s": round(max(rates), 1), "own_is_times": round(own / max(rates), 2)}
            if rates
            else {"skipped": runs[0].reason}
        )
    return found


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
            print(f"{name:28} {figures['mb_s']:8} MB/s  peak {figures['peak_mb']} MB{target}")
    if rivals:
        show_rivals(rivals)


if __name__ == "__main__":
    main()
