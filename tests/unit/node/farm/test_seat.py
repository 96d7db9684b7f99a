"""One seat against a real Redis: it claims once, beats, stops when told, and reports once."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import redis.asyncio
from tests.unit.node.farm.conftest import RedisServer
from tests.unit.node.farm.orders import order_for
from tests.unit.node.runtime import models
from tests.unit.node.runtime.behaviour import LIMITS

from neurovoyance.ipfs.cid import Cid, keccak_cid
from neurovoyance.node.farm import seat as seat_module
from neurovoyance.node.farm.broker import connect
from neurovoyance.node.farm.messages import Report, Task
from neurovoyance.node.farm.names import OVER, Names
from neurovoyance.node.farm.parcel import Parcel, pack
from neurovoyance.node.farm.seat import Seat, SeatSettings
from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.errors import RuntimeMissing, StorageNotFound

NAMES = Names("seat")


@dataclass
class Desk:
    """Two seats on one Redis, which is empty."""

    client: redis.asyncio.Redis
    seats: list[Seat]
    settings: SeatSettings
    runtime: OnnxRuntime

    async def report(self, task: Task) -> Report | None:
        text = await self.client.get(NAMES.report(task.execution_id, task.token))
        return None if text is None else Report.model_validate_json(text)


@pytest.fixture
async def desk(server: RedisServer, tmp_path: Path) -> AsyncIterator[Desk]:
    client = connect(server.url)  # the plain client may lose the cancellation of a beat
    await client.flushall()
    settings = SeatSettings("w", "seat", tmp_path / "seat", beat_s=0.02, lost_after_s=60.0)
    async with OnnxRuntime() as runtime:
        seats = [
            Seat(replace(settings, name=name), client, {Engine.ORT: runtime}, lambda s: LIMITS)
            for name in ("one", "two")
        ]
        yield Desk(client, seats, settings, runtime)
    await client.aclose()


def task_for(folder: Path, *, token: int = 7, is_endless: bool = False) -> Task:
    made = models.endless() if is_endless else models.logarithm()
    order = order_for(models.save(made, folder / "m.onnx"), folder, x=np.ones(1, np.float32))
    return Task(
        execution_id=order.execution_id,
        token=token,
        model=pack(order.model_path),
        input=pack(order.input_path),
        output_path=str(order.output_path),
        output_names=None,
        profile=order.profile,
        engine=order.engine,
        wall_time_s=60,
    )


async def test_of_two_workers_with_one_message_one_computes(desk: Desk, tmp_path: Path) -> None:
    task = task_for(tmp_path)
    served = await asyncio.gather(*(seat.serve(task) for seat in desk.seats))
    assert sorted(served) == [False, True]
    report = await desk.report(task)
    assert report is not None
    assert report.worker == ("one", "two")[served.index(True)]
    assert await desk.client.exists(NAMES.beat(task.execution_id, task.token))
    assert not await desk.seats[0].serve(task)
    assert list((tmp_path / "seat" / "work").iterdir()) == []


@pytest.mark.parametrize("mark", ["8", OVER])
async def test_an_order_that_does_not_stand_is_not_computed(
    desk: Desk, tmp_path: Path, mark: str
) -> None:
    task = task_for(tmp_path)
    await desk.client.set(NAMES.mark(task.execution_id), mark)
    assert not await desk.seats[0].serve(task)
    assert await desk.report(task) is None


@pytest.mark.parametrize("mark", ["8", OVER])
async def test_a_worker_stops_when_its_order_is_withdrawn(
    desk: Desk, tmp_path: Path, mark: str
) -> None:
    task = task_for(tmp_path, is_endless=True)
    await desk.client.set(NAMES.mark(task.execution_id), str(task.token))
    running = asyncio.create_task(desk.seats[0].serve(task))
    async with asyncio.timeout(60):
        while not await desk.client.exists(NAMES.beat(task.execution_id, task.token)):
            await asyncio.sleep(0.01)
        await desk.client.set(NAMES.mark(task.execution_id), mark)
        assert not await running
    assert await desk.report(task) is None
    assert not desk.runtime.cancel(f"{task.execution_id}.{task.token}")


async def test_a_seat_that_has_to_rest_hands_back_what_runs_and_what_comes(
    desk: Desk, tmp_path: Path
) -> None:
    endless, brief = task_for(tmp_path, is_endless=True), task_for(tmp_path, token=8)
    seat = Seat(
        replace(desk.settings, turn_down_s=0.0),
        desk.client,
        {Engine.ORT: desk.runtime},
        lambda s: LIMITS,
    )
    running = asyncio.create_task(seat.serve(endless))
    async with asyncio.timeout(60):
        while not await desk.client.exists(NAMES.beat(endless.execution_id, endless.token)):
            await asyncio.sleep(0.01)
        seat.rest()
        assert not await running
    assert not desk.runtime.cancel(f"{endless.execution_id}.{endless.token}")
    assert not await seat.serve(brief)
    for task in (endless, brief):
        report = await desk.report(task)
        assert report is not None
        assert report.is_handed_back
    seat.resume()
    again = task_for(tmp_path, token=9)
    assert await seat.serve(again)
    report = await desk.report(again)
    assert report is not None
    assert report.output is not None


async def test_an_order_whose_mark_was_lost_goes_on(desk: Desk, tmp_path: Path) -> None:
    task = task_for(tmp_path)
    assert await desk.seats[0].serve(task)
    report = await desk.report(task)
    assert report is not None
    assert report.error is None


async def test_what_the_worker_cannot_have_or_run_is_reported(desk: Desk, tmp_path: Path) -> None:
    task = task_for(tmp_path)
    unreachable = pack(tmp_path / "m.onnx", bytes_most=0)
    for number, (changes, kind) in enumerate(
        [
            ({"model": unreachable}, StorageNotFound),
            ({"input": None}, StorageNotFound),
            ({"engine": Engine.TORCH}, RuntimeMissing),
        ]
    ):
        changed = task.model_copy(update={**changes, "token": number})
        assert await desk.seats[0].serve(changed)
        report = await desk.report(changed)
        assert report is not None
        assert type(report.raised()) is kind


async def test_seats_share_a_model_and_old_ones_go(desk: Desk, tmp_path: Path) -> None:
    models_folder = tmp_path / "seat" / "models"
    (models_folder / "old").mkdir()
    os.utime(models_folder / "old", (1, 1))
    tasks = [task_for(tmp_path, token=number) for number in range(4)]
    served = await asyncio.gather(
        *(desk.seats[number % 2].serve(task) for number, task in enumerate(tasks))
    )
    assert served == [True] * 4
    for task in tasks:
        report = await desk.report(task)
        assert report is not None
        assert report.error is None
    [kept] = models_folder.iterdir()
    assert kept.read_bytes() == (tmp_path / "m.onnx").read_bytes()


def test_seats_that_tidy_one_folder_do_not_meet(tmp_path: Path) -> None:
    # Partial files come and go and old models are removed while several seats look at each entry.
    def settle_often(seat: int) -> None:
        for number in range(300):
            partial = tmp_path / f".model.{seat}.part"
            partial.write_bytes(b"x")
            partial.replace(tmp_path / "model")
            old = tmp_path / f"old.{seat}.{number}"
            old.mkdir()
            with contextlib.suppress(FileNotFoundError):  # another seat was quicker
                (old / "weights").write_bytes(b"x")
                os.utime(old, (1, 1))
            seat_module._purge(tmp_path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(settle_often, range(4)))
    assert (tmp_path / "model").exists()


class Shop:
    """Has one file, and counts how often it is asked."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[str] = []

    async def fetch(self, cid: Cid, path: Path) -> None:
        self.asked.append(str(cid))
        path.write_bytes(self.data)


@pytest.mark.parametrize("is_honest", [True, False])
async def test_large_models_come_from_peers_and_are_compared(
    desk: Desk, tmp_path: Path, is_honest: bool
) -> None:
    task = task_for(tmp_path)
    data = (tmp_path / "m.onnx").read_bytes()
    cid = str(keccak_cid(data))
    parcel = Parcel(path="/none", cid=cid, files=pack(tmp_path / "m.onnx", bytes_most=0).files)
    shop = Shop(data if is_honest else data + b"x")
    seat = Seat(desk.settings, desk.client, {Engine.ORT: desk.runtime}, lambda s: LIMITS, shop)
    for token in (1, 2):
        changed = task.model_copy(update={"model": parcel, "token": token})
        await seat.expect(changed)
        assert await seat.serve(changed)
        report = await desk.report(changed)
        assert report is not None
        assert (report.error is None) == is_honest
    assert shop.asked == [cid] * (1 if is_honest else 4)
