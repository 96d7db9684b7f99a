"""Landlock in a process of its own; what it hides is tested with the whole confinement."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.node.runtime.breakout import attempt

from neurovoyance.node.runtime import landlock

needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")
RESTRICT = "from neurovoyance.node.runtime import landlock\nlandlock.restrict_to([Path({!r})])\n"


def test_the_version_is_a_natural_number() -> None:
    assert landlock.version() >= 0


@needs_landlock
def test_reading_below_a_granted_directory_is_all_that_is_left(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "file").write_text("text", encoding="ascii")
    (tmp_path / "file").write_text("text", encoding="ascii")
    restrict = RESTRICT.format(str(inside))
    granted = restrict + "got = [open('inside/file').read(), os.listdir('inside')]"
    assert attempt(granted, tmp_path, locked=False).got == ["text", ["file"]]
    for denied in ("open('file')", "open('inside/file', 'a')", "os.unlink('inside/file')"):
        assert attempt(restrict + denied, tmp_path, locked=False).got == "EACCES"


@needs_landlock
def test_a_link_out_of_a_granted_directory_leads_nowhere(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_text("text", encoding="ascii")
    (inside / "link").symlink_to(tmp_path / "secret")
    snippet = RESTRICT.format(str(inside)) + "open('inside/link')"
    assert attempt(snippet, tmp_path, locked=False).got == "EACCES"


@needs_landlock
def test_a_path_that_does_not_exist_is_passed_over(tmp_path: Path) -> None:
    snippet = RESTRICT.format(str(tmp_path / "missing")) + "got = 'restricted'"
    assert attempt(snippet, tmp_path, locked=False).got == "restricted"
