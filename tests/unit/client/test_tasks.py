"""What a run refuses before anything is signed; ``tests/integration/test_tasks.py`` runs them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.client.task_book import TaskBook
from neurovoyance.client.tasks import TaskClient, TaskResults
from neurovoyance.protocol.errors import SpecError


@pytest.mark.parametrize("terms", [{"inputs": []}, {"inputs": [{}], "check": 1}, {"check": -1}])
async def test_a_run_without_sense_is_refused(tmp_path: Path, terms: dict[str, Any]) -> None:
    nothing: Any = None
    book = TaskBook(tmp_path / "tasks.sqlite")
    tasks = TaskClient(nothing, nothing, book, tmp_path)
    with pytest.raises(SpecError, match="at least one input"):
        await tasks.run(nothing, **({"inputs": [{}]} | terms))
    assert book.open_batches() == []
    book.close()


def test_results_are_complete_when_nothing_is_missing() -> None:
    assert TaskResults([{}]).is_complete
    assert not TaskResults([{}, None]).is_complete


async def test_two_runs_that_check_each_other_do_not_wait_for_each_other(tmp_path: Path) -> None:
    nothing: Any = None
    book = TaskBook(tmp_path / "tasks.sqlite")
    tasks = TaskClient(nothing, nothing, book, tmp_path)
    ended = []

    async def run(first: str, second: str) -> None:
        async with tasks._alone_with(first, second):
            ended.append(first)

    async with (
        asyncio.timeout(60),
        asyncio.TaskGroup() as group,
        tasks._alone_with("a"),
        tasks._alone_with("b"),
    ):
        group.create_task(run("a", "b"))
        group.create_task(run("b", "a"))
        await asyncio.sleep(0)
    assert sorted(ended) == ["a", "b"]
    book.close()
