"""The hash of the pages is what ordinary tools make of the files, and changes with any of them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from neurovoyance.marketplace.dapp.build import build_of

COMMAND = "find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "theme.js", "assets/b-1.js", "assets/A_2.css", "assets/B-1.js"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_ordinary_tools_make_the_same_hash(static: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum")
    said = subprocess.run(
        ["sh", "-c", COMMAND], cwd=static, capture_output=True, text=True, check=True
    ).stdout
    found = build_of(static)
    assert found is not None
    assert found.digest == said.split()[0]
    assert COMMAND in (Path(__file__).parents[4] / "docs" / "market-service.md").read_text()


def test_any_change_of_any_file_is_another_build(static: Path) -> None:
    before = build_of(static)
    (static / "assets" / "b-1.js").write_text("assets/b-2.js")
    after = build_of(static)
    assert before is not None
    assert after is not None
    assert before.digest != after.digest
    assert after.files["assets/b-1.js"] == hashlib.sha256(b"assets/b-2.js").hexdigest()


def test_without_a_first_page_there_is_no_build(tmp_path: Path) -> None:
    assert build_of(tmp_path / "nothing") is None


def test_pages_that_others_replace_meanwhile_are_no_build(
    static: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def gone(path: Path) -> bytes:
        path.unlink()
        return read(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", gone)
        assert build_of(static) is None
    assert build_of(static) is not None, "the next look finds what is there then"
