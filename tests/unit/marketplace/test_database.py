"""Addresses of databases, and readers that cannot write."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from neurovoyance.marketplace.database import Database
from neurovoyance.protocol.errors import ConfigError


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://a/b", "sqlite://", "sqlite:///:memory:"])
def test_what_is_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Database(url)


def test_a_reader_waits_for_no_writer_and_writes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'a.sqlite'}")
    with database.writer.begin() as writer:
        writer.execute(text("CREATE TABLE t (a INTEGER)"))
    with database.writer.begin() as writer:
        writer.execute(text("INSERT INTO t VALUES (1)"))
        with database.reader.connect() as reader:
            assert reader.scalar(text("SELECT count(*) FROM t")) == 0
            with pytest.raises(OperationalError):
                reader.execute(text("INSERT INTO t VALUES (2)"))
    database.close()


def test_an_unusable_file_says_so_without_its_inside(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_text("this is no database at all " * 100)
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with pytest.raises(ConfigError, match="cannot be opened"):
        database.check()
    database.close()
