"""A batch from its order to its seal: what is refused, what is owed, what a crash leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from tests.unit.node.content import WEIGHTS, input_file
from tests.unit.node.tasked import CLIENT, OTHER, PRICE_WEI, Tasked, arrays

from neurovoyance.node.task_book import BatchState
from neurovoyance.node.task_desk import BatchUnknown, Running, TaskRefused
from neurovoyance.node.task_runs import HeldTask
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.task_frames import FrameReader, Kind, decode_output
from neurovoyance.protocol.tasks import SignedCommitment, leaves_of, parse, recover, sign, tree_of
from neurovoyance.verification.canonical import decode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash


async def test_outputs_are_what_the_commitment_binds(tasked: Tasked) -> None:
    batch = await tasked.done(3)
    reply = tasked.desk.reply_path(batch.order_hash)
    first, *others, last = FrameReader().feed(reply.read_bytes())
    assert (first.kind, last.kind) == (Kind.COMMITMENT, Kind.END)
    assert [path.name for path in reply.parent.iterdir()] == ["reply"]
    signed = parse(SignedCommitment, first.payload)
    commitment = signed.commitment
    assert (
        recover(commitment, signed.signature, **tasked.place) == tasked.station.chain.wallet.address
    )
    assert (commitment.count, commitment.end_wei, signed.ended) == (3, 3 * PRICE_WEI, None)
    roots = []
    for number, frame in enumerate(others):
        index, data = decode_output(frame.payload)
        [y] = decode_tensors(data)
        assert index == number
        np.testing.assert_allclose(y, arrays(number) @ WEIGHTS, rtol=1e-6)
        roots.append((output_root([tensor_hash(y)]), bytes(32)))
    hashes = [(held.hash, held.task.price_wei) for held in batch.tasks]
    assert tree_of(leaves_of(hashes, roots, 0)).root == commitment.root
    terms = await tasked.desk.terms(tasked.channel_id)
    assert (terms.owed_wei, terms.promised_wei, terms.exposed_wei) == (
        3 * PRICE_WEI,
        0,
        3 * PRICE_WEI,
    )


async def test_credit_ends_and_a_voucher_renews_it(tasked: Tasked) -> None:
    await tasked.done(8)
    request, *_ = await tasked.order(3, start_wei=8 * PRICE_WEI)
    with pytest.raises(TaskRefused, match="advances"):
        await tasked.desk.admit(request)
    other = await tasked.open_channel()
    again, *_ = await tasked.order(3, channel_id=other)
    with pytest.raises(TaskRefused, match="advances"):  # the same client's other channel
        await tasked.desk.admit(again)
    voucher = await tasked.voucher(8 * PRICE_WEI)
    batch = await tasked.desk.admit(request.model_copy(update={"voucher": voucher}))
    assert (await tasked.desk.terms(tasked.channel_id)).promised_wei == 8 * PRICE_WEI
    assert await tasked.desk.take_voucher(voucher) == 8 * PRICE_WEI
    with pytest.raises(TaskRefused, match="being sent"):
        await tasked.desk.admit(request)
    tasked.desk.drop(batch)
    assert not batch.folder.exists()


async def test_a_task_that_fails_ends_the_batch_and_those_before_are_paid(tasked: Tasked) -> None:
    # Past the header, and not finite: only computing shows it.
    bad = input_file(x=np.full((2, 3), np.nan, np.float32))
    data = [input_file(x=arrays(1)), bad, input_file(x=arrays(2))]
    batch = await tasked.done(data=data)
    signed = tasked.desk.tasks.sealed(batch.order_hash)
    assert signed is not None
    assert signed.ended is not None
    assert (signed.commitment.count, signed.commitment.end_wei) == (1, PRICE_WEI)
    nothing = await tasked.done(data=[bad], start_wei=PRICE_WEI)
    assert nothing.failure is not None
    with pytest.raises(BatchUnknown):
        tasked.desk.reply_path(nothing.order_hash)
    assert (await tasked.desk.terms(tasked.channel_id)).owed_wei == PRICE_WEI


async def test_orders_that_are_not_sound_are_refused(tasked: Tasked) -> None:
    request, tasks, given = await tasked.order()
    forged = sign(request.order, OTHER.account, **tasked.place)
    with pytest.raises(SpecError, match="not signed by the client"):
        await tasked.desk.admit(request.model_copy(update={"signature": forged}))
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"payee": CLIENT.address}, "another provider"),
        ({"channel_id": b"\7" * 32}, "open channel"),
        ({"start_wei": 5}, "are owed"),
        ({"expiry_s": 1}, "order is over"),
        ({"total_wei": 3 * 10**18}, "Top it up"),
    ]
    for changes, why in wrongs:
        wrong, *_ = await tasked.order(**changes)
        with pytest.raises((SpecError, TaskRefused), match=why):
            await tasked.desk.admit(wrong)
    private = tasked.spec.model_copy(update={"client_key": b"\1" * 32})
    with pytest.raises(TaskRefused, match="private"):
        await tasked.desk.admit(request.model_copy(update={"spec": private}))
    batch = await tasked.admitted(request, tasks[::-1], given[::-1])
    with pytest.raises(SpecError, match="not the ones"):
        await tasked.desk.begin(batch)
    cheap = await tasked.admitted(*await tasked.order(price_wei=PRICE_WEI - 1))
    with pytest.raises(TaskRefused, match="asks"):
        await tasked.desk.begin(cheap)
    misfit = await tasked.admitted(
        *await tasked.order(data=[input_file(x=np.zeros(3, np.float32))])
    )
    with pytest.raises(TaskRefused):
        await tasked.desk.begin(misfit)
    tasked.desk.offers.is_paused = True
    with pytest.raises(TaskRefused, match="rests"):
        await tasked.desk.admit(request)
    assert list(tasked.desk.folder.iterdir()) == []


async def test_what_a_crash_interrupted_is_void_and_what_is_sealed_stays(tasked: Tasked) -> None:
    sealed = await tasked.done(1)
    open_batch = await tasked.admitted(*await tasked.order(2, start_wei=PRICE_WEI))
    tasked.desk.tasks.begin(open_batch.order_hash, open_batch.request.order, CLIENT.address, 1)
    left = tasked.desk.reply_path(sealed.order_hash).with_name("0.safetensors")
    left.write_bytes(b"the process ended before it was removed")
    tasked.desk.restore()
    assert not left.exists()
    assert tasked.desk.tasks.state(open_batch.order_hash) is BatchState.VOID
    assert not open_batch.folder.exists()
    assert tasked.desk.reply_path(sealed.order_hash).is_file()
    assert (await tasked.desk.terms(tasked.channel_id)).owed_wei == PRICE_WEI


async def test_ordering_again_computes_once(tasked: Tasked) -> None:
    request, tasks, given = await tasked.order(1)
    batch = await tasked.admitted(request, tasks, given)
    await tasked.desk.begin(batch)
    running = await tasked.desk.admit(request)
    assert running is batch
    assert batch.work is not None
    await asyncio.wait_for(batch.work, 60)
    again = await tasked.desk.admit(request)
    assert tasked.desk.is_known(again)
    assert tasked.desk.reply_path(again.order_hash).is_file()


@pytest.mark.parametrize(("count", "steps"), [(100, 20), (7, 7)])
def test_progress_wakes_at_each_twentieth(count: int, steps: int) -> None:
    request: Any = None
    batch = Running(b"", Address(""), request, Path(), [cast(HeldTask, None)] * count)
    woken = 0
    for done in range(1, count + 1):
        batch.changed.clear()
        batch.tell(done)
        woken += batch.changed.is_set()
    assert (batch.done, woken) == (count, steps)
