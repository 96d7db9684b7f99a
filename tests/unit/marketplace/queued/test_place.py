"""A database has one name, its own, however many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.queued.place import place_of


def test_all_who_ask_at_once_hear_the_same_name_and_another_database_has_another(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    asking, other = [Database(url) for _ in range(4)], Database(f"{url}2")
    asking[0].check()
    with ThreadPoolExecutor(len(asking)) as pool:
        found = set(pool.map(place_of, asking))
    assert len(found) == 1
    assert found != {place_of(other)}
    assert found == {place_of(asking[0])}
    for database in (*asking, other):
        database.close()
