"""What a day may fetch: counted as it comes, refused before it begins."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from neurovoyance.ipfs.backend import Progress
from neurovoyance.ipfs.cid import cid_of_keccak
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.idle.budget import BudgetedBackend, DayBudget, _Meter
from neurovoyance.protocol.errors import StorageError


def test_a_new_day_has_a_new_budget() -> None:
    days = [date(2026, 9, 1)]
    budget = DayBudget(10, lambda: days[-1])
    budget.require_room()
    budget.count(10)
    with pytest.raises(IntakeRefused, match="10 bytes a day"):
        budget.require_room()
    days.append(date(2026, 9, 2))
    assert budget.used_bytes() == 0
    budget.require_room()


def test_what_was_held_before_is_not_counted() -> None:
    budget, told = DayBudget(10), []
    meter = _Meter(budget, told.append)
    for done, rate in ((4, 0.0), (6, 1.0), (9, 1.0)):
        meter(Progress(done, 9, rate, None))
    assert budget.used_bytes() == 5
    assert len(told) == 3


async def test_content_held_here_is_had_on_any_day(tmp_path: Path) -> None:
    async with BudgetedBackend(tmp_path / "store") as storage:
        assert isinstance(storage, BudgetedBackend)
        cid = await storage.add(b"held")
        storage.budget = DayBudget(1)
        storage.budget.count(1)
        await storage.ensure(cid)
        with pytest.raises(IntakeRefused):
            await storage.ensure(cid_of_keccak(bytes(32)))
        storage.budget = None
        with pytest.raises(StorageError):
            await storage.ensure(cid_of_keccak(bytes(32)))
