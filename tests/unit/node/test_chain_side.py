"""What the chain says of a job becomes a view; sends come from the journal's opening alone."""

from __future__ import annotations

import pytest
from tests.unit.node.conftest import CLIENT, OTHER, OWNER, STAKE_WEI, Station

from neurovoyance.chain.reverts import JobMarketWrongState
from neurovoyance.node.execution import begin, step
from neurovoyance.node.execution_values import Action, Execution, OutputSealed, Terms
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import JobId, hash_abi
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening
from neurovoyance.protocol.units import nvy

OPENING = Opening(
    bytes(32), b"\x11" * 32, b"\x01\x55\x12\x20" + b"\x22" * 32, b"\x33" * 32, 0, b"\x44" * 32
)
TERMS = Terms(nvy("0.5"), nvy("10"))


async def accepted(station: Station) -> Execution:
    job_id = await station.post(await station.publish())
    view = await station.chain.view(job_id)
    execution, _ = begin(job_id, 60, view, station.shell.time_s)
    execution = Execution(job_id, 60, view, terms=TERMS)
    await station.send(Action.ACCEPT, execution, "accept")
    return Execution(job_id, 60, await station.chain.view(job_id), terms=TERMS)


async def committed(station: Station) -> Execution:
    execution = await accepted(station)
    job_id = execution.job_id
    commitment = station.chain.commitment(job_id, OPENING)
    station.journal.fix_opening(job_id, OPENING, commitment)
    await station.send(Action.COMMIT, execution, "commit")
    return Execution(job_id, 60, await station.chain.view(job_id))


async def ready(station: Station, execution: Execution) -> Execution:
    await station.control.mine(3)
    view = await station.chain.view(execution.job_id)
    assert view.is_round_over
    return Execution(execution.job_id, 60, view)


async def test_a_listing_and_an_unknown_job_are_not_ours(station: Station) -> None:
    job_id = await station.post(await station.publish())
    view = await station.chain.view(job_id)
    assert (view.stored, view.is_ours) == (JobState.OPEN, False)
    assert (await station.chain.view(JobId(bytes(32)))).stored is JobState.NONE


async def test_accepting_locks_the_stake_and_makes_the_job_ours(station: Station) -> None:
    execution = await accepted(station)
    assert (execution.view.stored, execution.view.is_ours) == (JobState.ASSIGNED, True)
    assert (await station.chain.stake()).locked_wei == TERMS.lock_wei
    assert (await station.chain.stake()).own_wei == STAKE_WEI


async def test_the_same_key_sends_once(station: Station) -> None:
    execution = await accepted(station)
    again = await station.send(Action.ACCEPT, execution, "accept")
    assert again.is_success
    with pytest.raises(JobMarketWrongState):
        await station.send(Action.ACCEPT, execution, "another key")


async def test_nothing_is_committed_without_an_opening_in_the_journal(station: Station) -> None:
    execution = await accepted(station)
    with pytest.raises(InternalError, match="no opening"):
        await station.send(Action.COMMIT, execution, "commit")


async def test_the_commitment_on_chain_is_that_of_the_fixed_opening(station: Station) -> None:
    execution = await committed(station)
    record = await station.contracts.market.job(execution.job_id)
    assert record.binding == station.chain.commitment(execution.job_id, OPENING)
    assert execution.view.round > 0
    assert not execution.view.is_audit_possible


async def test_draw_and_reveal_opens_the_commitment(station: Station) -> None:
    execution = await ready(station, await committed(station))
    await station.send(Action.DRAW_AND_REVEAL, execution, "draw")
    assert (await station.chain.view(execution.job_id)).stored is JobState.REVEALED


async def test_a_seed_drawn_by_a_stranger_is_found_without_its_event(station: Station) -> None:
    execution = await ready(station, await committed(station))
    job_id, last_round = execution.job_id, execution.view.round
    await station.contracts.market.draw(OTHER, job_id)
    assert (await station.chain.view(job_id)).seed0 is None
    view = await station.chain.view(job_id, last_round)
    record = await station.contracts.market.job(job_id)
    commitment = station.chain.commitment(job_id, OPENING)
    assert view.seed0 is not None
    assert hash_abi(["bytes32", "bytes32"], [commitment, view.seed0]) == record.binding

    station.journal.add_seed(job_id, b"\x99" * 32)
    station.journal.add_seed(job_id, view.seed0)
    assert (await station.chain.view(job_id)).seed0 == view.seed0, "a wrong seed is passed over"
    await station.send(Action.REVEAL, Execution(job_id, 60, view), "reveal")
    assert (await station.chain.view(job_id)).stored is JobState.REVEALED


async def test_settling_and_harvesting_bring_the_price_to_the_owner(station: Station) -> None:
    execution = await ready(station, await committed(station))
    await station.send(Action.DRAW_AND_REVEAL, execution, "draw")
    await station.control.increase_time(601)
    await station.send(Action.SETTLE, execution, "settle")
    assert await station.chain.earned_wei() == TERMS.price_wei
    await station.chain.harvest()
    assert await station.contracts.token.balance_of_wei(OWNER.address) == TERMS.price_wei
    assert (await station.chain.stake()).locked_wei == 0
    assert not (await station.chain.view(execution.job_id)).is_lock_open


async def test_a_missed_deadline_can_be_expired_by_the_provider_itself(station: Station) -> None:
    execution = await accepted(station)
    await station.control.increase_time(241)
    await station.send(Action.EXPIRE, execution, "expire")
    view = await station.chain.view(execution.job_id)
    assert view.stored is JobState.PROVIDER_COMMIT_TIMEOUT
    free_wei = await station.contracts.market.free_of_wei(CLIENT.address)
    assert free_wei >= nvy("100"), "the client has all its money back, and a share of the slash"


async def test_an_unsound_output_is_declared(station: Station) -> None:
    execution = await accepted(station)
    await station.send(Action.DECLARE_INVALID, execution, "invalid")
    assert (await station.chain.view(execution.job_id)).stored is JobState.INVALID


async def test_the_machine_follows_real_views(station: Station) -> None:
    execution = await accepted(station)
    machine, asked = begin(execution.job_id, 60, execution.view, station.shell.time_s)
    assert [item.action for item in asked] == [Action.RUN]
    _, asked = step(machine, OutputSealed(b"\x01" * 32), station.shell.time_s)
    assert [item.action for item in asked] == [Action.COMMIT]
