from __future__ import annotations

import os
from pathlib import Path

from neurovoyance.ipfs.verified import VerifiedFiles, identity


def later() -> int:
    return 1 << 62


def test_a_block_is_known_until_its_file_changes(tmp_path: Path) -> None:
    path, seen = tmp_path / "f", VerifiedFiles(now_ns=later)
    path.write_bytes(b"before")
    found = identity(path.stat())
    assert not seen.knows(b"c", 0, found)
    seen.note(b"c", 0, found)
    assert seen.knows(b"c", 0, identity(path.stat()))
    assert not seen.knows(b"c", 1, found) and not seen.knows(b"d", 0, found)
    os.utime(path, ns=(0, 0))
    assert not seen.knows(b"c", 0, identity(path.stat()))


def test_a_file_put_in_the_place_of_another_is_not_known(tmp_path: Path) -> None:
    path, other, seen = tmp_path / "f", tmp_path / "g", VerifiedFiles(now_ns=later)
    for file in (path, other):
        file.write_bytes(b"same size")
        os.utime(file, ns=(5, 5))
    seen.note(b"c", 0, identity(path.stat()))
    other.replace(path)
    assert not seen.knows(b"c", 0, identity(path.stat()))


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    seen, found = VerifiedFiles(max_blocks=3, now_ns=later), identity(tmp_path.stat())
    for index in range(5):
        seen.note(b"%d" % index, 0, found)
    assert [seen.knows(b"%d" % index, 0, found) for index in range(5)] == [False] * 2 + [True] * 3


def test_a_file_that_changed_just_now_is_not_trusted_yet(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"new")
    found = identity(path.stat())
    for age_ns, is_known in ((0, False), (999_999_999, False), (1_000_000_000, True)):
        seen = VerifiedFiles(now_ns=lambda at_ns=found[4] + age_ns: at_ns)
        seen.note(b"c", 0, found)
        assert seen.knows(b"c", 0, found) is is_known
