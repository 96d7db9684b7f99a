"""The demo's files are what their names say, read back by the library that knows the format."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
import tomllib
import wave
import zipfile
import zlib
from pathlib import Path

import pytest

from neurovoyance.cli.demo_files import GROUPS, pdf, png, write_demo_files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_demo_files(tmp_path_factory.mktemp("files"))


def test_each_generated_file_is_valid(files: dict[str, Path]) -> None:
    with zipfile.ZipFile(files["archive.zip"]) as archive:
        assert archive.testzip() is None
    with tarfile.open(files["backup.tar"]) as tar:
        assert tar.getnames() == ["readme.txt", "one.txt"]
    assert gzip.decompress(files["notes.txt.gz"].read_bytes()).startswith(b"Line 0")
    with wave.open(str(files["tone.wav"])) as sound:
        assert sound.getnframes() == 8_000
    assert json.loads(files["events.json"].read_text())[49]["id"] == 49
    assert len(list(csv.reader(io.StringIO(files["table.csv"].read_text())))) == 61
    assert tomllib.loads(files["settings.toml"].read_text())["server"]["port"] == 8080
    database = sqlite3.connect(files["ledger.sqlite"])
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    program = next(path for name, path in files.items() if name.startswith("bin/"))
    assert program.read_bytes()[:4] == b"\x7fELF"
    shell = shutil.which("sh")
    assert shell is not None
    subprocess.run([shell, "-n", str(files["run.sh"])], check=True)


def test_the_picture_holds_its_pixels() -> None:
    data = png(4, 3)
    start = data.index(b"IDAT") + 4
    size = int.from_bytes(data[start - 8 : start - 4], "big")
    assert len(zlib.decompress(data[start : start + size])) == 3 * (1 + 4 * 3)


def test_the_document_points_at_its_objects() -> None:
    data = pdf("Hello")
    xref = int(data.split(b"startxref\n")[1].split(b"\n")[0])
    assert data[xref:].startswith(b"xref\n0 6\n")
    entries = data[xref:].split(b"\n")[3:8]
    for number, entry in enumerate(entries, 1):
        assert data[int(entry[:10]) :].startswith(b"%d 0 obj" % number)


def test_every_group_of_the_demo_names_files_that_exist(files: dict[str, Path]) -> None:
    for _name, _hire, wanted in GROUPS:
        for want in wanted:
            assert any(n == want or (want.endswith("/") and n.startswith(want)) for n in files)


def test_writing_twice_gives_the_same_bytes(files: dict[str, Path], tmp_path: Path) -> None:
    again = write_demo_files(tmp_path)
    for name, path in files.items():
        if name != "ledger.sqlite":
            assert again[name].read_bytes() == path.read_bytes(), name
