"""Run a model on many inputs at one provider, paid by vouchers: ``client.tasks``.

Place: over :mod:`.batches`, which takes one batch from its order to its voucher; beside
:mod:`.channels`. Inputs that were computed and paid before are found on disk, so that a program
that was killed is simply run again. Never: an order while an earlier one of the same channel is
open.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from neurovoyance.client.batches import BatchClient, Checker, Checking, Given
from neurovoyance.client.channels import ChannelClient
from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.inputs import Arrays, batch_of, encode_inputs
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.second_opinion import AUTO, Second, independent_of
from neurovoyance.client.session import Session
from neurovoyance.client.task_book import Batch, TaskBook
from neurovoyance.client.task_checks import Array, Delivery, outputs_of
from neurovoyance.client.task_checks import Arrays as Outputs
from neurovoyance.client.task_choice import Payee, payees_of
from neurovoyance.ipfs.cid import Cid
from neurovoyance.matching.presets import Preset, preset_of
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.tasks import INLINE_MAX_BYTES, TaskTerms, raw_cid
from neurovoyance.verification.canonical import decode_tensors

DEFAULT_MAX_PRICE_WEI = 10**16
"""What a task may cost when the caller states no maximum: 0.01 NVY."""

OnProgress = Callable[[int, int], None]
"""Told how many of all tasks are computed."""


def _say_nothing(_done: int, _of: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class TaskResults:
    """What came of a run.

    Attributes:
        outputs: in the order of the inputs; None for a task that was not delivered.
        provider: who computed; empty if all was found on disk.
        paid_wei: signed for in this run.
        batches: orders that were delivered in this run, as hashes.
        repeated: tasks that were repeated and agree.
        why: the provider's reason if tasks are missing; empty otherwise.
        is_handed_over: whether the newest voucher reached the provider; else the next run takes it.
        checker: the payee that repeats tasks; empty if none does.
        why_checker: why it was chosen, if it was not named.
    """

    outputs: list[Outputs | None]
    provider: str = ""
    paid_wei: int = 0
    batches: list[bytes] = field(default_factory=list)
    repeated: int = 0
    why: str = ""
    is_handed_over: bool = True
    checker: str = ""
    why_checker: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether every task was delivered."""
        return all(item is not None for item in self.outputs)


class TaskClient:
    """The tasks of one open client.

    Args:
        session: of the client.
        channels: its channels.
        book: its memory of batches; close it with the session.
        folder: for requests and replies.
    """

    def __init__(
        self, session: Session, channels: ChannelClient, book: TaskBook, folder: Path
    ) -> None:
        self._session, self._channels, self.book = session, channels, book
        self._batches = BatchClient(session, channels, book, folder)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(
        self,
        model: PublishedModel,
        inputs: Sequence[Arrays],
        *,
        provider: str | None = None,
        preset: str = Preset.CHEAPEST,
        max_price_wei: int = DEFAULT_MAX_PRICE_WEI,
        max_runtime_s: int = 2,
        job_class: JobClass | None = None,
        check: int = 0,
        checker: Checker | str | None = None,
        reuse: bool = True,
        on_progress: OnProgress = _say_nothing,
    ) -> TaskResults:
        """Compute a model on inputs, one task each, and pay for what was delivered and checked.

        Args:
            model: published; see ``AsyncClient.model``.
            inputs: one mapping of arrays a task.
            provider: owner address; by default the best payee of your open channels.
            preset: which payee is the best: cheapest, fastest or reliable.
            max_price_wei: most that one task may cost.
            max_runtime_s: seconds that one task may take; the price counts them.
            job_class: how outputs are compared; the model's class when omitted.
            check: tasks of every batch that are repeated before it is paid, drawn after it came.
            checker: who repeats them: a function, the address of another payee of your channels,
                or ``auto`` for the cheapest of those that share nothing with the provider.
            reuse: take outputs from disk that were computed and paid before.
            on_progress: told how many tasks are computed.

        Raises:
            TasksRefused: nobody takes them on these terms; nothing more was signed.
            InputMismatch, SpecError: an input, or a bound, is not well-formed; nothing was sent.
            BatchMismatch: an output was wrong; its batch is not paid, the evidence is kept.
            Unreachable: the provider stopped answering; run it again to go on.
        """
        if not inputs or check < 0 or (check and checker is None):
            raise SpecError(
                "Tasks need at least one input, and a check needs somebody who repeats them.",
                hint="Nothing was signed.",
            )
        given = await self._given(model, inputs, job_class, max_runtime_s)
        results = TaskResults([None] * len(given))
        left = await self._left(model, given, results) if reuse else list(range(len(given)))
        if not left:
            results.is_handed_over = await self._handed_over()
            return results
        [payee, *_] = await payees_of(
            self._session,
            self._channels,
            self.book,
            provider=provider,
            preset=preset_of(preset),
            max_runtime_s=max_runtime_s,
        )
        results.provider = payee.address
        if isinstance(checker, str) and check:
            second = await self._second(payee, checker, given[left[0]].spec, max_price_wei)
            results.checker, results.why_checker = second.address, second.why
        asked = self._asking(results.checker, max_price_wei) if results.checker else checker
        checking = Checking(check, None if isinstance(asked, str) else asked)
        async with self._alone_with(payee.address, results.checker):
            resumed = await self._resumed(payee.channel_id, payee.address, checking)
            if reuse and resumed:
                left = await self._left(model, given, results)
            payee = replace(payee, terms=await self.terms(payee.channel_id, payee.address))
            await self._run(
                model, payee, given, left, max_price_wei, checking, results, on_progress
            )
        return results

    async def resume(self, *, check: int = 0, checker: Checker | None = None) -> list[Batch]:
        """Take every open batch to its end: receive, check, pay; return those that were delivered.

        Raises:
            BatchMismatch, TasksRefused, Unreachable: as :meth:`run`.
        """
        ended = await self._resumed(None, "", Checking(check, checker))
        await self._handed_over()
        return ended

    async def terms(self, channel_id: bytes, payee: str) -> TaskTerms:
        """Return what a provider asks for tasks, and how it sees a channel.

        Raises:
            TasksRefused: it takes none.
            Unreachable: it announces no address, or does not answer.
        """
        return await self._batches.wire(payee).terms(channel_id)

    async def outputs(self, model: PublishedModel, order_hash: bytes) -> list[Outputs]:
        """Return the outputs of a batch that was received, from disk."""
        found = await asyncio.to_thread(self._batches.outputs, order_hash)
        return [outputs_of(model.manifest, decode_tensors(data)) for data in found]

    async def _run(
        self,
        model: PublishedModel,
        payee: Payee,
        given: Sequence[Given],
        left: list[int],
        max_price_wei: int,
        checking: Checking,
        results: TaskResults,
        on_progress: OnProgress,
    ) -> None:
        done, last = len(given) - len(left), None
        while left and not results.why:
            price_wei = payee.terms.price_wei(given[left[0]].spec.max_runtime_s)
            batch = await self._batches.order(
                payee, [given[index] for index in left], price_wei, max_price_wei
            )

            def tell(count: int, before: int = done) -> None:
                on_progress(before + count, len(given))

            delivery = await self._batches.settle(
                batch, is_new=True, checking=checking, on_done=tell
            )
            if delivery is None:
                raise TasksRefused("The provider gave the batch up; nothing was signed for it.")
            last = batch
            self._take(model, delivery, left, results)
            results.batches.append(batch.order_hash)
            results.repeated += min(checking.count, len(delivery.leaves))
            done += len(delivery.leaves)
            left = left[len(delivery.leaves) :]
        if last is not None:
            results.is_handed_over = await self._batches.hand_over(last)

    def _take(
        self, model: PublishedModel, delivery: Delivery, left: list[int], results: TaskResults
    ) -> None:
        for index, committed in zip(left, delivery.committed, strict=False):
            results.outputs[index] = outputs_of(model.manifest, committed)
        results.paid_wei += delivery.signed.commitment.price_wei
        ended = delivery.signed.ended
        if ended is not None and len(delivery.leaves) < delivery.request.order.count:
            at = left[len(delivery.leaves)]
            results.why = f"Task {at} could not be computed: {ended.message}"

    async def _given(
        self,
        model: PublishedModel,
        inputs: Sequence[Arrays],
        job_class: JobClass | None,
        max_runtime_s: int,
    ) -> list[Given]:
        manifest = model.manifest
        chosen = JobClass[manifest.job_class] if job_class is None else job_class
        if not manifest.allows(chosen):
            raise SpecError(f"The model may not be used in class {chosen.name}; nothing was sent.")
        common = {
            "model_id": model.model_id,
            "job_class": chosen,
            "max_runtime_s": max_runtime_s,
        }
        made = []
        for arrays in inputs:
            data = encode_inputs(manifest, arrays)
            cid = raw_cid(data)
            if len(data) > INLINE_MAX_BYTES:
                cid = await self._offered(data)
            rows = batch_of(manifest, arrays)
            spec = JobSpec.model_validate({**common, "input_cid": cid, "batch": rows})
            made.append(Given(spec, data))
        return made

    async def _offered(self, data: bytes) -> bytes:
        """Store an input that is too long for a request, and offer it to nodes."""
        cid: Cid = await self._session.storage.add(data, pin_name="task input")
        await self._session.storage.provide(cid)
        return cid.to_bytes()

    async def _left(
        self, model: PublishedModel, given: Sequence[Given], results: TaskResults
    ) -> list[int]:
        """Take what was computed and paid before; return the numbers of the other tasks."""
        held: dict[bytes, list[bytes]] = {}
        left = []
        for index, item in enumerate(given):
            found = self.book.found(item.spec.spec_hash())
            path = None if found is None else self._batches.delivery_path(found[0])
            if found is None or path is None or not path.is_file():
                left.append(index)
                continue
            if found[0] not in held:
                held[found[0]] = await asyncio.to_thread(self._batches.outputs, found[0])
            committed = decode_tensors(held[found[0]][found[1]])
            results.outputs[index] = outputs_of(model.manifest, committed)
        return left

    async def _resumed(
        self, channel_id: bytes | None, payee: str, checking: Checking
    ) -> list[Batch]:
        ended = []
        for order_hash in self.book.open_batches(channel_id, payee):
            batch = self.book.batch(order_hash)
            if await self._batches.settle(batch, is_new=False, checking=checking) is not None:
                ended.append(self.book.batch(order_hash))
                await self._batches.hand_over(batch)
        return ended

    async def _handed_over(self) -> bool:
        """Hand the newest vouchers over once more, as far as providers answer."""
        done = [await self._batches.hand_over(self.book.batch(item)) for item in self.book.newest()]
        return all(done)

    @asynccontextmanager
    async def _alone_with(self, *payees: str) -> AsyncIterator[None]:
        """Hold payees for one run; in one order for all, or two runs could wait for each other."""
        async with AsyncExitStack() as stack:
            for payee in sorted({payee for payee in payees if payee}):
                await stack.enter_async_context(self._locks[payee])
            yield

    async def _second(
        self, payee: Payee, checker: str, spec: JobSpec, max_price_wei: int
    ) -> Second:
        if checker != AUTO:
            return Second(_named(payee, checker))
        return await independent_of(
            self._session, self._channels, self.book, payee, spec, max_price_wei
        )

    def _asking(self, second: str, max_price_wei: int) -> Checker:
        """Return a checker that asks another payee, which the run holds already."""

        async def ask(
            _model: PublishedModel, specs: Sequence[JobSpec], inputs: Sequence[bytes]
        ) -> list[Sequence[Array]]:
            return await self._at(second, specs, inputs, max_price_wei)

        return ask

    async def _at(
        self,
        provider: str,
        specs: Sequence[JobSpec],
        inputs: Sequence[bytes],
        max_price_wei: int,
    ) -> list[Sequence[Array]]:
        """Have tasks repeated by another provider, which is paid for it."""
        [payee, *_] = await payees_of(
            self._session,
            self._channels,
            self.book,
            provider=provider,
            preset=Preset.CHEAPEST,
            max_runtime_s=specs[0].max_runtime_s,
        )
        price_wei = payee.terms.price_wei(specs[0].max_runtime_s)
        given = [Given(spec, data) for spec, data in zip(specs, inputs, strict=True)]
        await self._resumed(payee.channel_id, payee.address, Checking())
        batch = await self._batches.order(payee, given, price_wei, max_price_wei)
        delivery = await self._batches.settle(batch, is_new=True, checking=Checking())
        await self._batches.hand_over(batch)
        return list(delivery.committed) if delivery is not None else []


def _named(payee: Payee, checker: str) -> str:
    """Return who repeats tasks of a payee.

    Raises:
        SpecError: it is no address, or the payee itself.
    """
    second = parse_address(checker)
    if second == payee.address:
        raise SpecError(
            "A provider cannot check itself; nothing was signed.",
            hint="Name another payee of your channels.",
        )
    return second
