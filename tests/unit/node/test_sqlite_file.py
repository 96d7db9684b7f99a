"""A journal file: closed to others, kept through a crash, of one identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.node.sqlite_file import SqliteFile
from neurovoyance.protocol.errors import ConfigError

SCHEMA = "CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY) STRICT;"
OURS = {"chain_id": "31337", "provider": "0xA"}


class Words(SqliteFile):
    """The smallest journal."""

    def add(self, *words: str) -> None:
        with self._transaction():
            self._db.executemany("INSERT INTO words VALUES (?)", [(word,) for word in words])

    def all(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT word FROM words ORDER BY word")]


def test_the_file_and_its_folder_are_closed_to_other_users(tmp_path: Path) -> None:
    path = tmp_path / "new" / "words.sqlite"
    words = Words(path, SCHEMA, OURS)
    words.add("a")
    modes = [entry.stat().st_mode & 0o777 for entry in (path.parent, *path.parent.iterdir())]
    words.close()
    assert modes[0] == 0o700
    assert set(modes[1:]) == {0o600}


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite"
    first = Words(path, SCHEMA, OURS)
    first.add("a", "b")
    second = Words(path, SCHEMA, OURS)
    assert second.all() == ["a", "b"], "also when the first was not closed"


def test_a_transaction_is_done_whole_or_not_at_all(tmp_path: Path) -> None:
    words = Words(tmp_path / "words.sqlite", SCHEMA, OURS)
    with pytest.raises(Exception, match="UNIQUE"):
        words.add("a", "b", "a")
    assert words.all() == []


def test_a_file_of_another_identity_is_refused_with_both_names(tmp_path: Path) -> None:
    path = tmp_path / "words.sqlite"
    Words(path, SCHEMA, OURS).close()
    with pytest.raises(ConfigError) as caught:
        Words(path, SCHEMA, {**OURS, "provider": "0xB"})
    assert caught.value.context["faults"] == ["provider: the journal has 0xA, the node 0xB"]
