"""Takes batches of tasks, has them computed, seals what came of them, and takes vouchers.

Place: between ``task_api`` and the books, the bench and the chain. Order of every batch: checked
against the channel, written down, computed, committed to, written down, handed out. Never: a task
beyond the credit, or an output before its commitment is on disk.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.chain.channels import Channels
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.bench import Bench
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.intake import HeldJob
from neurovoyance.node.logs import log_event
from neurovoyance.node.offer_desk import OfferDesk
from neurovoyance.node.task_book import BatchState, Ledger, TaskAction, TaskBook
from neurovoyance.node.task_reply import keep_only, write_reply
from neurovoyance.node.task_rules import TaskPolicy, refusal_of_order, refusal_of_spec
from neurovoyance.node.task_runs import Delivered, HeldTask, check_inputs_of, compute, hold_model
from neurovoyance.node.voucher_book import Standing, VoucherBook, standing_of
from neurovoyance.protocol.errors import NeurovoyanceError, RequestError, SpecError
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.protocol.tasks import (
    BatchCommitment,
    BatchRequest,
    SignedCommitment,
    TaskTerms,
    leaves_of,
    recover,
    sign,
    tasks_hash,
    tree_of,
)
from neurovoyance.protocol.vouchers import SignedVoucher

KEEP_S = 7 * 86_400
"""How long the outputs of a batch can be fetched again."""
REPLY_NAME = "reply"


class TaskRefused(RequestError):
    """The node does not take the batch, or could deliver nothing of it; nothing is owed for it."""

    code = "request.task_refused"
    http_status = 409
    default_hint = "Nothing is owed for it. Mend what the sentence names, or ask another provider."


class BatchUnknown(RequestError):
    """The node knows no such batch, or gave it up; nothing is owed for it."""

    code = "request.batch_unknown"
    http_status = 404
    default_hint = "Nothing is owed for it; order again."


@dataclass(slots=True)
class Running:
    """A batch under way; ``done`` tasks are computed of it."""

    order_hash: bytes
    client: Address
    request: BatchRequest
    folder: Path
    tasks: list[HeldTask] = field(default_factory=list)
    done: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    work: asyncio.Task[None] | None = None
    failure: NeurovoyanceError | None = None

    def tell(self, done: int) -> None:
        """Note progress, and wake who waits for it at each twentieth of the batch."""
        step = max(1, len(self.tasks) // 20)
        is_told = done // step > self.done // step
        self.done = done
        if is_told:
            self.changed.set()

    @property
    def is_over(self) -> bool:
        """Whether it was sealed or given up."""
        return self.work is not None and self.work.done()


@dataclass(slots=True)
class TaskDesk:
    """The batches of one node.

    Attributes:
        offers: knows whether the node takes work, and what stake is free.
        folder: for inputs and outputs of batches.
    """

    chain: ChainSide
    channels: Channels
    offers: OfferDesk
    bench: Bench
    storage: EmbeddedBackend
    policy: TaskPolicy
    tasks: TaskBook
    vouchers: VoucherBook
    folder: Path
    crash: CrashPoint
    running: dict[bytes, Running] = field(default_factory=dict)
    _receiving: set[bytes] = field(default_factory=set)
    _clearing: set[asyncio.Task[None]] = field(default_factory=set)
    _beginning: asyncio.Lock = field(default_factory=asyncio.Lock)

    def restore(self) -> None:
        """Give up what a crash interrupted; its files go."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for order_hash in self.tasks.void_all(int(time.time())):
            log_event(logging.WARNING, "batch_interrupted", order=order_hash)
        for path in self.folder.iterdir():
            if self.tasks.state(bytes.fromhex(path.name)) is BatchState.SEALED:
                keep_only(path / REPLY_NAME)
            else:
                shutil.rmtree(path)

    async def close(self) -> None:
        """End what runs; nothing is owed for it."""
        works = [item.work for item in self.running.values() if item.work is not None]
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await self.cleared()

    async def cleared(self) -> None:
        """Wait until the files of sealed batches, but for their replies, are gone."""
        await asyncio.gather(*self._clearing, return_exceptions=True)

    async def tidy(self) -> None:
        """Remove the files of batches that ended long ago."""
        for order_hash in self.tasks.forgettable(int(time.time()) - KEEP_S):
            folder = self.folder / order_hash.hex()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    # --- channels ---

    async def terms(self, channel_id: bytes) -> TaskTerms:
        """Return what this node asks for tasks, and how a channel stands.

        Raises:
            ChainError: the chain could not be read.
        """
        standing = await self._standing(channel_id)
        ledger = self._ledger(channel_id, standing)
        return TaskTerms(
            base_price_wei=self.policy.price_wei(0),
            price_per_second_wei=self.policy.price_wei(1) - self.policy.price_wei(0),
            credit_wei=self.policy.credit_wei,
            max_runtime_s=self.policy.jobs.max_runtime_s,
            owed_wei=ledger.owed_wei,
            promised_wei=ledger.promised_wei,
            exposed_wei=ledger.exposed_wei,
        )

    async def take_voucher(self, signed: SignedVoucher) -> int:
        """Keep a voucher; return what is promised now, in wei. The same one again changes nothing.

        Raises:
            SignatureError, SpecError: it could not be redeemed; nothing was kept.
            ChainError: the chain could not be read.
        """
        channel_id = signed.voucher.channel_id
        standing = await self._standing(channel_id)
        self.crash.reach("before", TaskAction.TAKE_VOUCHER)
        if self.vouchers.best(channel_id) != signed:
            self.vouchers.take(signed, standing, owed_wei=0)
        self.crash.reach("after", TaskAction.TAKE_VOUCHER)
        return self._ledger(channel_id, standing).promised_wei

    # --- batches ---

    async def admit(self, request: BatchRequest) -> Running:
        """Check an order before its tasks are read; the channel is held until :meth:`begin`.

        Raises:
            TaskRefused: it is not for this node, or not now.
            SignatureError, SpecError: the order, or the voucher with it, is not sound.
            ChainError: the chain could not be read.
        """
        order = request.order
        if order.payee != self.chain.provider:
            raise SpecError("The order is for another provider; nothing was begun.")
        if self.offers.is_draining or self.offers.is_paused:
            raise _refused(RefusalCause.BUSY, "The node rests now; ask again later.")
        standing = await self._standing(order.channel_id)
        place = {"chain_id": self.chain.chain_id, "channels": self.channels.address}
        client = recover(order, request.signature, **place)  # type: ignore[arg-type]
        if not standing.channel.is_known or client != standing.channel.client:
            raise SpecError("The order is not signed by the client of an open channel.")
        if request.voucher is not None:
            await self.take_voucher(request.voucher)
        order_hash = order.hash(**place)  # type: ignore[arg-type]
        if (known := self.running.get(order_hash)) is not None:
            return known
        made = Running(order_hash, client, request, self.folder / order_hash.hex())
        if self.tasks.state(order_hash) is not None:
            return made
        _raise_if(refusal_of_spec(self.policy, request.spec, client))
        await self._check(made, standing)
        if order.channel_id in self._receiving:
            raise _refused(RefusalCause.BUSY, "Another batch of this channel is being sent.")
        self._receiving.add(order.channel_id)
        made.folder.mkdir(mode=0o700, exist_ok=True)
        return made

    def is_known(self, batch: Running) -> bool:
        """Tell whether an order was begun before, so that its tasks need not be read."""
        return self.tasks.state(batch.order_hash) is not None

    def drop(self, batch: Running) -> None:
        """Forget an order whose tasks were not read to the end, or were refused."""
        self._receiving.discard(batch.request.order.channel_id)
        if self.tasks.state(batch.order_hash) is None:
            shutil.rmtree(batch.folder, ignore_errors=True)

    async def begin(self, batch: Running) -> None:
        """Begin a batch whose tasks were read.

        Raises:
            TaskRefused: a task is not as ordered, an input does not fit, or it is too late.
            ChainError: the chain could not be read.
        """
        order = batch.request.order
        try:
            self._check_tasks(batch)
            model = await self._model(batch)
            async with self._beginning:
                await self._check(batch, await self._standing(order.channel_id))
                self.crash.reach("before", TaskAction.BEGIN)
                self.tasks.begin(batch.order_hash, order, batch.client, int(time.time()))
                self.crash.reach("after", TaskAction.BEGIN)
                self.running[batch.order_hash] = batch
                log_event(logging.INFO, "batch_begun", order=batch.order_hash, client=batch.client)
            batch.work = asyncio.create_task(self._work(batch, model))
        finally:
            self.drop(batch)

    def reply_path(self, order_hash: bytes) -> Path:
        """Return the file of a delivered batch.

        Raises:
            BatchUnknown: it was never begun, was given up, or its outputs are gone.
        """
        path = self.folder / order_hash.hex() / REPLY_NAME
        if self.tasks.state(order_hash) is not BatchState.SEALED or not path.is_file():
            raise BatchUnknown("This node holds no outputs of such a batch.")
        return path

    async def _work(self, batch: Running, model: HeldJob) -> None:
        """Compute, seal; a batch of which nothing can be delivered is given up."""
        try:
            delivered = await compute(
                self.bench,
                model,
                batch.tasks,
                batch.folder,
                sources=batch.request.sources,
                client=batch.client,
                left_s=self.policy.jobs.max_runtime_s,
                on_done=batch.tell,
            )
            if not delivered.roots:
                _raise_if(delivered.ended)
            await self._seal(batch, delivered)
        except NeurovoyanceError as error:
            batch.failure = error
            log_event(logging.WARNING, "batch_failed", order=batch.order_hash, error=error)
        finally:
            if self.tasks.state(batch.order_hash) is BatchState.BEGUN:
                self.tasks.void(batch.order_hash, int(time.time()))
                shutil.rmtree(batch.folder, ignore_errors=True)
            self.running.pop(batch.order_hash, None)
            batch.changed.set()

    async def _seal(self, batch: Running, delivered: Delivered) -> None:
        order = batch.request.order
        hashes = [(held.hash, held.task.price_wei) for held in batch.tasks]
        leaves = leaves_of(hashes, delivered.roots, order.start_wei)
        commitment = BatchCommitment(
            order_hash=batch.order_hash,
            root=tree_of(leaves).root,
            count=len(leaves),
            start_wei=order.start_wei,
            end_wei=leaves[-1].end_wei,
        )
        signature = sign(
            commitment,
            self.chain.wallet.account,
            chain_id=self.chain.chain_id,
            channels=self.channels.address,
        )
        signed = SignedCommitment(commitment=commitment, signature=signature, ended=delivered.ended)
        await asyncio.to_thread(write_reply, batch.folder / REPLY_NAME, signed, delivered.paths)
        self.crash.reach("before", TaskAction.SEAL)
        self.tasks.seal(batch.order_hash, signed, int(time.time()))
        self.crash.reach("after", TaskAction.SEAL)
        # The client has its reply before the disk has let go of what the reply repeats.
        clearing = asyncio.create_task(asyncio.to_thread(keep_only, batch.folder / REPLY_NAME))
        self._clearing.add(clearing)
        clearing.add_done_callback(self._clearing.discard)
        log_event(
            logging.INFO,
            "batch_sealed",
            order=batch.order_hash,
            client=batch.client,
            tasks=commitment.count,
            price_wei=commitment.price_wei,
            why=delivered.ended.message if delivered.ended else None,
        )

    def _check_tasks(self, batch: Running) -> None:
        order, asked_wei = batch.request.order, self.policy.price_wei(_runtime_s(batch))
        if len(batch.tasks) != order.count:
            raise SpecError(f"{len(batch.tasks)} tasks came and {order.count} were ordered.")
        if tasks_hash([held.hash for held in batch.tasks]) != order.tasks_hash:
            raise SpecError("The tasks are not the ones that were ordered; nothing was begun.")
        prices_wei = [held.task.price_wei for held in batch.tasks]
        if sum(prices_wei) != order.total_wei:
            raise SpecError("The prices do not add up to the total; nothing was begun.")
        if min(prices_wei) < asked_wei:
            raise _refused(
                RefusalCause.PRICE,
                f"A task is priced at {min(prices_wei)} wei; this node asks {asked_wei} wei.",
            )

    async def _model(self, batch: Running) -> HeldJob:
        model = await hold_model(
            self.storage,
            self.bench.intake,
            batch.tasks[0],
            batch.request.sources,
            batch.client,
        )
        if isinstance(model, Refusal):
            raise TaskRefused(model.message, cause=model.cause.value)
        _raise_if(await asyncio.to_thread(check_inputs_of, model, batch.tasks))
        self.bench.held.note(batch.request.spec.model_id)
        return model

    async def _check(self, batch: Running, standing: Standing) -> None:
        order, room = batch.request.order, await self.offers.room()
        ledger = self._ledger(order.channel_id, standing)
        free_wei = room.free_stake_wei - room.promised_wei
        _raise_if(refusal_of_order(self.policy, order, ledger, standing, free_stake_wei=free_wei))

    def _ledger(self, channel_id: bytes, standing: Standing) -> Ledger:
        """Return how a channel stands; what the chain and the voucher book say is noted first."""
        best, client = self.vouchers.best(channel_id), standing.channel.client
        best_wei = best.voucher.cumulative_wei if best else 0
        self.tasks.promise(channel_id, client, max(best_wei, standing.side.redeemed_wei))
        return self.tasks.ledger(channel_id, client)

    async def _standing(self, channel_id: bytes) -> Standing:
        return await standing_of(self.channels, channel_id, self.chain.provider)


def _runtime_s(batch: Running) -> int:
    return batch.request.spec.max_runtime_s


def _refused(cause: RefusalCause, message: str) -> TaskRefused:
    return TaskRefused(message, cause=cause.value)


def _raise_if(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise TaskRefused(refusal.message, cause=refusal.cause.value)
