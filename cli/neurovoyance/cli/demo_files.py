"""The files that the demo has classified: the package's own, and valid small ones made here.

Place: input of :mod:`.demo`. Everything is built with the standard library, and the program among
them is the running interpreter, so that it works from an installed wheel as well.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import sqlite3
import struct
import sys
import tarfile
import wave
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path

from neurovoyance.client.hiring import Hire

GROUPS: tuple[tuple[str, Hire, tuple[str, ...]], ...] = (
    ("code", "offer", ("protocol/job_spec.py", "client/jobs.py", "ipfs/cid.py")),
    ("scripts", "offer", ("run.sh", "Market.sol", "settings.toml")),
    ("data", "offer", ("tokenomics/params.json", "events.json", "table.csv")),
    ("documents", "offer", ("page.pdf", "page.html")),
    ("media", "listing", ("picture.png", "tone.wav")),
    ("archives", "listing", ("archive.zip", "backup.tar", "notes.txt.gz")),
    ("programs", "listing", ("bin/", "ledger.sqlite")),
)
BARGAIN: tuple[str, Hire, tuple[str, ...]] = (
    "bargain",
    "offer",
    ("protocol/py.typed", "settings.toml", "client/jobs.py"),
)
"""The job for which the cheat makes the cheapest offer."""


_PACKAGE_FILES = (
    ("neurovoyance.protocol", "job_spec.py"),
    ("neurovoyance.client", "jobs.py"),
    ("neurovoyance.ipfs", "cid.py"),
    ("neurovoyance.tokenomics", "params.json"),
    ("neurovoyance.protocol", "py.typed"),
)


def write_demo_files(folder: Path) -> dict[str, Path]:
    """Write the generated files below ``folder``; return all files by the name that is shown."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {f"{package.split('.')[-1]}/{name}": path for package, name, path in _package_files()}
    for name, content in _generated().items():
        path = folder / name
        path.write_bytes(content)
        found[name] = path
    interpreter = Path(sys.executable).resolve()
    found[f"bin/{interpreter.name}"] = interpreter
    _write_database(folder / "ledger.sqlite")
    found["ledger.sqlite"] = folder / "ledger.sqlite"
    return found


def _package_files() -> list[tuple[str, str, Path]]:
    files: list[tuple[str, str, Path]] = []
    for package, name in _PACKAGE_FILES:
        spec = find_spec(package)
        roots = (spec.submodule_search_locations or []) if spec else []
        paths = (Path(root) / name for root in roots)
        files += [(package, name, path) for path in paths if path.is_file()]
    return files


def _generated() -> dict[str, bytes]:
    text = "\n".join(f"Line {n}: the quick brown fox jumps over the lazy dog." for n in range(40))
    return {
        "picture.png": png(96, 64),
        "archive.zip": _zip(text),
        "backup.tar": _tar(text),
        "notes.txt.gz": gzip.compress(text.encode() * 20, mtime=0),
        "tone.wav": _wav(),
        "page.pdf": pdf("Neurovoyance"),
        "page.html": _HTML.encode(),
        "table.csv": _csv(),
        "run.sh": _SHELL.encode(),
        "Market.sol": _SOLIDITY.encode(),
        "settings.toml": _TOML.encode(),
        "events.json": json.dumps([{"id": n, "name": f"event {n}"} for n in range(50)]).encode(),
        "short.txt": b"hello",
        "empty.bin": b"",
    }


def png(width: int, height: int) -> bytes:
    """Return an RGB picture with a colour gradient (PNG, 8 bits a channel)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (x * 255 // width, y * 255 // height, 128))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def pdf(title: str) -> bytes:
    """Return a one-page PDF 1.4 document that shows ``title``."""
    stream = f"BT /F1 24 Tf 72 720 Td ({title}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        xref,
    )
    return bytes(out)


def _zip(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("readme.txt", "data/one.txt", "data/two.txt"):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


def _tar(text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("readme.txt", "one.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        tone = (int(12_000 * math.sin(2 * math.pi * 440 * n / 8_000)) for n in range(8_000))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
    return buffer.getvalue()


def _csv() -> bytes:
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(["id", "name", "amount", "currency"])
    rows.writerows([n, f"customer {n}", n * 17, "NVY"] for n in range(60))
    return buffer.getvalue().encode()


def _write_database(path: Path) -> None:
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE ledger (id INTEGER PRIMARY KEY, name TEXT, amount INTEGER)")
    database.executemany("INSERT INTO ledger VALUES (?,?,?)", [(n, "x", n) for n in range(50)])
    database.commit()
    database.close()


_HTML = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Neurovoyance</title>
<style>body { font-family: sans-serif; margin: 2em; }</style></head>
<body><h1>A market for AI work</h1>
<p>Lend an idle computer, or buy inference from one.</p>
<ul><li>escrow</li><li>stake</li><li>settlement</li></ul>
</body></html>
"""
_SHELL = """#!/bin/sh
set -eu
for file in "$@"; do
    if [ -f "$file" ]; then
        printf '%s\\n' "$file"
        wc -c < "$file"
    fi
done
exit 0
"""
_SOLIDITY = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

contract Counter {
    uint256 public count;
    event Counted(address indexed who, uint256 count);

    function add(uint256 amount) external {
        require(amount > 0, "nothing to add");
        count += amount;
        emit Counted(msg.sender, count);
    }
}
"""
_TOML = """[server]
host = "127.0.0.1"
port = 8080
workers = 4

[database]
url = "sqlite:///ledger.sqlite"
pool_size = 5

[logging]
level = "info"
"""
