"""One batch of tasks from its order to its voucher: sign, receive, check, pay; resumable.

Place: under :mod:`.tasks`, over :mod:`.channels` (money), :mod:`.task_book` (memory),
:mod:`.task_wire` (HTTP) and :mod:`.task_checks` (truth). Order of every batch: written down, sent,
kept on disk, checked against the signed root, a sample repeated if asked, and only then paid by the
next voucher. Never: a voucher for what was not received and checked, or a second one for the same
batch.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neurovoyance.client.channels import ChannelClient
from neurovoyance.client.errors import BatchMismatch, TasksRefused
from neurovoyance.client.models import PublishedModel, find_model
from neurovoyance.client.nodes import known_nodes
from neurovoyance.client.session import Session
from neurovoyance.client.task_book import Batch, BatchState, TaskBook
from neurovoyance.client.task_checks import (
    Array,
    Delivery,
    check_commitment,
    check_outputs,
    check_repeated,
)
from neurovoyance.client.task_choice import Payee, fitting_count
from neurovoyance.client.task_wire import OnDone, TaskWire, read_reply
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.errors import SpecError, Unreachable, VerificationError
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.task_frames import (
    FrameReader,
    Kind,
    TaskFrame,
    decode_task,
    encode,
    encode_task,
)
from neurovoyance.protocol.tasks import (
    INLINE_MAX_BYTES,
    ORDER_LIFE_MAX_S,
    REQUEST_MAX_BYTES,
    TASKS_MAX,
    BatchOrder,
    BatchRequest,
    Task,
    sign,
    tasks_hash,
)

REQUEST_NAME: Final = "request"
REPLY_NAME: Final = "reply"
EVIDENCE_NAME: Final = "evidence.json"
_ROOM_BYTES: Final = 1 << 20
_LONGER_S: Final = 120.0

Checker = Callable[
    [PublishedModel, Sequence[JobSpec], Sequence[bytes]], Awaitable[Sequence[Sequence[Array]]]
]
"""Repeats tasks: model, specs, safetensors inputs in; committed tensors of each out."""


def _say_nothing(_done: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Given:
    """One task to come: its spec, and its input as safetensors bytes."""

    spec: JobSpec
    data: bytes


@dataclass(frozen=True, slots=True)
class Checking:
    """How much of a batch is repeated, and by whom.

    Attributes:
        count: tasks of each batch, drawn when the batch is here.
        checker: repeats them; None where ``count`` is 0.
    """

    count: int = 0
    checker: Checker | None = None


class BatchClient:
    """Orders, receives, checks and pays single batches of one open client.

    Args:
        session: of the client.
        channels: its channels, whose book signs.
        book: its memory of batches.
        folder: for requests and replies.
    """

    def __init__(
        self, session: Session, channels: ChannelClient, book: TaskBook, folder: Path
    ) -> None:
        self._session, self._channels, self.book = session, channels, book
        self._folder = folder

    async def owed_wei(self, channel_id: bytes, payee: str) -> int:
        """Return what was promised to a payee, or redeemed: where the next batch begins."""
        last = self._channels.book.last(channel_id, payee)
        side = await self._channels.contract.side_of(channel_id, payee)
        return max(last.voucher.cumulative_wei if last else 0, side.redeemed_wei)

    async def order(
        self, payee: Payee, given: Sequence[Given], price_wei: int, max_price_wei: int
    ) -> Batch:
        """Sign an order over as many of the next tasks as fit, and write it down; nothing is sent.

        Raises:
            TasksRefused: channel or credit are in the way, or the two sides disagree on what is
                owed.
            SpecError: the price is above the bound.
        """
        if not 0 < price_wei <= max_price_wei:
            raise SpecError(
                f"{payee.address} asks {price_wei} wei a task, and {max_price_wei} wei is the "
                "most that you allow. Nothing was signed.",
                hint="Raise the bound, or choose another provider.",
            )
        owed_wei = await self.owed_wei(payee.channel_id, payee.address)
        if payee.terms.owed_wei > owed_wei:
            raise TasksRefused(
                f"{payee.address} says that {payee.terms.owed_wei} wei are owed under the channel, "
                f"and your book says {owed_wei} wei.",
                hint="If the book is whole, pay elsewhere; closing the channel returns the rest.",
            )
        count = fitting_count(
            payee,
            price_wei,
            [len(item.data) for item in given],
            owed_wei=owed_wei,
            # The newest voucher goes with the order: only other channels stay exposed.
            exposed_wei=payee.terms.exposed_wei - (payee.terms.owed_wei - payee.terms.promised_wei),
            most=TASKS_MAX,
            most_bytes=REQUEST_MAX_BYTES - _ROOM_BYTES,
        )
        tasks = [Task(item.spec, price_wei) for item in given[:count]]
        request = await self._signed(payee, tasks, owed_wei)
        order_hash = request.order.hash(*self._place)
        folder = self._folder / order_hash.hex()
        folder.mkdir(parents=True, mode=0o700)
        last = self._channels.book.last(payee.channel_id, payee.address)
        frames = _frames(request.model_copy(update={"voucher": last}), tasks, given)
        await asyncio.to_thread((folder / REQUEST_NAME).write_bytes, frames)
        self.book.order(order_hash, request, tasks)
        return self.book.batch(order_hash)

    async def settle(
        self,
        batch: Batch,
        *,
        is_new: bool,
        checking: Checking,
        on_done: OnDone = _say_nothing,
    ) -> Delivery | None:
        """Take an open batch to its end: receive, check, pay. None if the node knows it no more.

        Args:
            batch: ordered or received.
            is_new: send the order; else ask for what came of it.
            checking: what is repeated.
            on_done: told how many tasks are computed.

        Raises:
            BatchMismatch: a wrong output; no voucher was signed, and none will be.
            VerificationError: the sample could not be repeated; nothing was signed yet.
            TasksRefused, Unreachable: the node refuses or does not answer; the batch stays open.
        """
        if batch.state is BatchState.ORDERED and not await self._received(batch, is_new, on_done):
            self.book.advance(batch.order_hash, BatchState.GIVEN_UP)
            return None
        try:
            delivery = await self._checked(batch, checking)
        except BatchMismatch as error:
            self._refuse(batch, error)
            raise
        await self._paid(batch, delivery)
        return delivery

    def delivery_path(self, order_hash: bytes) -> Path:
        """Return the file of a batch's reply."""
        return self._folder / order_hash.hex() / REPLY_NAME

    def outputs(self, order_hash: bytes) -> list[bytes]:
        """Return the outputs of a batch that was received; blocking.

        Raises:
            SpecError: the reply on disk is not whole.
        """
        return read_reply(self.delivery_path(order_hash))[1]

    async def hand_over(self, batch: Batch) -> bool:
        """Hand the newest voucher to the payee of a batch; False if it cannot be now."""
        order = batch.request.order
        last = self._channels.book.last(order.channel_id, order.payee)
        if last is None:
            return True
        try:
            await self.wire(order.payee).voucher(last)
        except (TasksRefused, Unreachable):
            return False
        return True

    # --- the steps ---

    @property
    def _place(self) -> tuple[int, str]:
        return self._session.chain.chain_id, self._channels.contract.address

    async def _signed(self, payee: Payee, tasks: Sequence[Task], owed_wei: int) -> BatchRequest:
        session, (chain_id, channels) = self._session, self._place
        order = BatchOrder.model_validate(
            {
                "channel_id": payee.channel_id,
                "payee": payee.address,
                "tasks_hash": tasks_hash([task.hash() for task in tasks]),
                "count": len(tasks),
                "start_wei": owed_wei,
                "total_wei": sum(task.price_wei for task in tasks),
                "expiry_s": await session.chain.time_s() + ORDER_LIFE_MAX_S,
                "salt": secrets.token_bytes(32),
            }
        )
        signature = sign(order, session.wallet.account, chain_id=chain_id, channels=channels)
        return BatchRequest(
            order=order, signature=signature, spec=tasks[0].spec, sources=session.sources
        )

    def wire(self, payee: str) -> TaskWire:
        """Return how to speak to a provider.

        Raises:
            Unreachable: it announces no address.
        """
        for node in known_nodes(self._session.journal):
            if node.provider == payee:
                return TaskWire(self._session.asker, node.endpoint)
        raise Unreachable(f"The provider {payee} announces no address now.")

    async def _received(self, batch: Batch, is_new: bool, on_done: OnDone) -> bool:
        """Bring a reply to disk and check whose it is; False if there is none and never will be."""
        folder, wire = self._folder / batch.order_hash.hex(), self.wire(batch.request.order.payee)
        longest_s = batch.request.spec.max_runtime_s * len(batch.tasks) + _LONGER_S
        reply = folder / REPLY_NAME
        if is_new:
            try:
                await wire.order(folder / REQUEST_NAME, reply, longest_s, on_done)
            except TasksRefused:
                self.book.advance(batch.order_hash, BatchState.GIVEN_UP)
                raise
        elif not await wire.again(batch.order_hash, reply, longest_s, on_done):
            return False
        signed, _ = await asyncio.to_thread(read_reply, reply)
        payee = batch.request.order.payee
        chain_id, channels = self._place
        check_commitment(
            batch.request,
            batch.order_hash,
            batch.tasks,
            signed,
            operator=await self._session.contracts.stakes.operator_of(payee),
            chain_id=chain_id,
            channels=channels,
        )
        count = signed.commitment.count
        self.book.advance(batch.order_hash, BatchState.RECEIVED, delivered=count)
        return True

    async def _checked(self, batch: Batch, checking: Checking) -> Delivery:
        model = await find_model(self._session.storage, batch.request.spec.model_id)
        signed, outputs = await asyncio.to_thread(read_reply, self.delivery_path(batch.order_hash))
        delivery = await asyncio.to_thread(
            check_outputs, batch.request, batch.tasks, signed, outputs, model.manifest
        )
        if checking.count and checking.checker is not None:
            await self._repeated(batch, delivery, model, checking.count, checking.checker)
        return delivery

    async def _repeated(
        self, batch: Batch, delivery: Delivery, model: PublishedModel, count: int, checker: Checker
    ) -> None:
        """Repeat tasks that nobody could foresee."""
        indices = secrets.SystemRandom().sample(
            range(len(delivery.leaves)), min(count, len(delivery.leaves))
        )
        sent = await asyncio.to_thread(
            _tasks_in, self._folder / batch.order_hash.hex() / REQUEST_NAME
        )
        given = [await self._input(sent[index]) for index in indices]
        again = await checker(model, [batch.tasks[index].spec for index in indices], given)
        if len(again) != len(indices):
            raise VerificationError(
                f"{len(indices)} tasks were to be repeated, and {len(again)} were. The batch is "
                "kept and not paid.",
                hint="Run it again; what was received is checked then.",
            )
        await asyncio.to_thread(
            check_repeated, delivery, indices, again, model.manifest, secrets.token_bytes(32)
        )

    async def _input(self, task: TaskFrame) -> bytes:
        if task.is_inline:
            return task.given
        pieces = self._session.storage.open(Cid.from_bytes(task.given))
        return b"".join([piece async for piece in pieces])

    def _refuse(self, batch: Batch, error: BatchMismatch) -> None:
        """Keep the evidence, and never pay for this batch."""
        path = self._folder / batch.order_hash.hex() / EVIDENCE_NAME
        evidence = error.context.pop("evidence", None) or {"why": error.message}
        path.write_text(json.dumps(evidence, indent=2) + "\n", encoding="utf-8")
        self.book.advance(batch.order_hash, BatchState.REFUSED)
        error.context["evidence_path"] = str(path)

    async def _paid(self, batch: Batch, delivery: Delivery) -> None:
        """Sign the next voucher, once."""
        order, commitment = batch.request.order, delivery.signed.commitment
        chain_id, channels = self._place
        work = commitment.work(chain_id, channels)
        book, payee = self._channels.book, order.payee
        if not book.is_paid(order.channel_id, payee, work):
            owed_wei = await self.owed_wei(order.channel_id, payee)
            if owed_wei != commitment.start_wei:
                raise SpecError(
                    f"The batch begins at {commitment.start_wei} wei, and {owed_wei} wei are "
                    "promised already; nothing was signed for it.",
                    hint="Something else was paid under the channel meanwhile.",
                )
            await self._channels.pay(order.channel_id, payee, commitment.price_wei, work=work)
        self.book.advance(batch.order_hash, BatchState.PAID)


def _frames(request: BatchRequest, tasks: Sequence[Task], given: Sequence[Given]) -> bytes:
    """Return an order as it is sent."""
    frames = [encode(Kind.REQUEST, request.model_dump_json().encode())]
    for task, item in zip(tasks, given, strict=False):
        is_inline = len(item.data) <= INLINE_MAX_BYTES
        content = item.data if is_inline else task.spec.input_cid
        frames.append(encode_task(TaskFrame(task.price_wei, task.spec.batch, content, is_inline)))
    return b"".join([*frames, encode(Kind.END)])


def _tasks_in(path: Path) -> list[TaskFrame]:
    """Return the tasks in the file of a request; blocking."""
    frames = FrameReader().feed(path.read_bytes())
    return [decode_task(frame.payload) for frame in frames if frame.kind is Kind.TASK]
