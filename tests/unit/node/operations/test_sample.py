"""A sample tells what the parts of a node know, and an unreachable chain costs no figure."""

from __future__ import annotations

import pytest
from tests.unit.node.conftest import STAKE_WEI, Station
from tests.unit.node.operations.sampling import make_sampler

from neurovoyance.node.execution_values import Outcome, Phase
from neurovoyance.node.idle.policy import Cause, Hold
from neurovoyance.node.operations import sample as sample_module
from neurovoyance.protocol.errors import RpcError


async def test_a_sample_has_every_phase_device_and_cause(station: Station) -> None:
    sampler, gate = make_sampler(station, station.folder)
    gate.set_hold(Hold(True))
    job_id = await station.post(await station.publish())
    await station.handle_events()
    taken = await sampler.sample()
    assert set(taken.phases) == set(Phase) and set(taken.outcomes) == set(Outcome)
    assert sum(taken.phases.values()) == 1, job_id
    assert {device.device: device.utilisation for device in taken.devices[1:]} == {
        "gpu0": 0.0,
        "gpu1": None,
    }
    assert taken.paused["cpu", Cause.HAND]
    assert not taken.paused["cpu", Cause.HEAT]
    assert taken.stake is not None and taken.stake.own_wei == STAKE_WEI
    assert taken.gas_wei > 0 and taken.block > 0 and taken.disk_free_bytes > 0
    assert (taken.storage_bytes, taken.rpc_errors) == (123, 0)


async def test_an_unreachable_chain_is_counted_and_the_last_figures_stay(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_module, "KEEP_S", -1.0)
    sampler, _ = make_sampler(station, station.folder)
    before = await sampler.sample()

    async def silent(*_: object, **__: object) -> None:
        raise RpcError("Nobody answers.")

    monkeypatch.setattr(type(station.contracts.client), "block", silent)
    after = await sampler.sample()
    assert after.rpc_errors == 1
    assert (after.block, after.stake, after.income_wei) == (
        before.block,
        before.stake,
        before.income_wei,
    )
