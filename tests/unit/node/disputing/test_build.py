"""The parts fit together: a duty without disputes is idle, and keeps its files in one place."""

from __future__ import annotations

from typing import Any

from tests.unit.node.disputing.conftest import Bench

from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.disputing.build import BOOK_NAME, DisputeParts, build_disputes


async def test_a_new_duty_is_idle(bench: Bench) -> None:
    nothing: Any = None
    folder = bench.folder / "node"
    duty, challenger = build_disputes(
        DisputeParts(
            contracts=bench.court.contracts,
            wallet=bench.court.wallet,
            owner=bench.court.owner,
            data_dir=folder,
            identity={"market": "0x1"},
            storage=bench.storage,
            intake=bench.intake,
            runtime=bench.runtime,
            defence=nothing,
            crash=CrashPoint(None),
            allow_private_addresses=True,
        )
    )
    await duty.restore()
    await duty.handle([])
    await duty.sweep(await bench.court.contracts.client.time_s())
    assert (duty.due(), duty.occupied(), duty.inputs_in_use()) == (0, 0, frozenset())
    assert challenger.court.book is duty.book
    assert (folder / BOOK_NAME).stat().st_mode & 0o077 == 0
    await duty.close()
    duty.book.close()
