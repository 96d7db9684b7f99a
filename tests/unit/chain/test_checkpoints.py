"""Positions of event readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain.checkpoints import KEPT, Checkpoint, CheckpointStore
from neurovoyance.protocol.errors import ConfigError


def store(folder: Path, reader: str = "one") -> CheckpointStore:
    return CheckpointStore(folder / "cursor.sqlite", reader)


def test_a_new_reader_has_no_position(tmp_path: Path) -> None:
    opened = store(tmp_path)
    assert opened.position() is None
    assert opened.newest_first() == []
    opened.close()


def test_the_position_survives_and_readers_do_not_mix(tmp_path: Path) -> None:
    first = store(tmp_path)
    first.advance(Checkpoint(5, "0x05"), rolled_back_to=None)
    first.close()
    again, other = store(tmp_path), store(tmp_path, "two")
    assert again.position() == (5, "0x05")
    assert other.position() is None
    again.close()
    other.close()


def test_a_rollback_forgets_what_is_above_it(tmp_path: Path) -> None:
    opened = store(tmp_path)
    for number in (1, 2, 3):
        opened.advance(Checkpoint(number, f"0x{number}"), rolled_back_to=None)
    opened.advance(Checkpoint(4, "0xnew"), rolled_back_to=1)
    assert opened.newest_first() == [(4, "0xnew"), (1, "0x1")]
    opened.advance(None, rolled_back_to=0)
    assert opened.position() is None
    opened.close()


def test_old_positions_are_dropped(tmp_path: Path) -> None:
    opened = store(tmp_path)
    for number in range(1, KEPT + 20):
        opened.advance(Checkpoint(number, "0x"), rolled_back_to=None)
    kept = opened.newest_first()
    assert len(kept) == KEPT
    assert kept[0].block_number == KEPT + 19
    assert opened.newest_first(KEPT)[0].block_number == KEPT
    opened.close()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cursor.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(ConfigError, match="cannot be opened"):
        store(tmp_path)
