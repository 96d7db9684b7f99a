"""Channels and tasks for ordinary programs: the same calls, blocking.

Place: beside :mod:`.sync`, whose attributes ``channels`` and ``tasks`` these are; over
:mod:`.paying`. A checker and a progress callback are ordinary functions: the checker runs in a
thread of its own, the callback on the client's loop. Never: a rule of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from neurovoyance.chain.channels import AllotmentTerms, ChannelRecord
from neurovoyance.client.batches import Checker
from neurovoyance.client.channels import ChannelClient, ChannelView
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.inputs import Arrays
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.sync_loop import Loop
from neurovoyance.client.task_book import Batch
from neurovoyance.client.task_checks import Array
from neurovoyance.client.task_checks import Arrays as Outputs
from neurovoyance.client.tasks import TaskClient, TaskResults
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.tasks import TaskTerms
from neurovoyance.protocol.vouchers import Delegation, SignedVoucher

SyncChecker = Callable[
    [PublishedModel, Sequence[JobSpec], Sequence[bytes]], Sequence[Sequence[Array]]
]
"""As :data:`.batches.Checker`, as an ordinary function."""


class Channels:
    """Channels of one open client; see :class:`.channels.ChannelClient` for what each call does."""

    def __init__(self, channels: ChannelClient, loop: Loop) -> None:
        self._channels, self._loop = channels, loop

    def open(self, allotments: Sequence[AllotmentTerms]) -> bytes:
        """Open a channel and return its id, 32 bytes."""
        return self._loop.call(self._channels.open(allotments))

    def top_up(self, channel_id: bytes, allotments: Sequence[AllotmentTerms]) -> None:
        """Add money for payees, known or new."""
        self._loop.call(self._channels.top_up(channel_id, allotments))

    def pay(
        self, channel_id: bytes, payee: str, amount_wei: int, *, work: bytes, **terms: Any
    ) -> SignedVoucher:
        """Sign for one more piece of work; the voucher is kept before it is returned."""
        paying = self._channels.pay(channel_id, payee, amount_wei, work=work, **terms)
        return self._loop.call(paying)

    def permit(
        self, channel_id: bytes, delegate: str, *, cap_wei: int, expiry_s: int
    ) -> tuple[Delegation, bytes]:
        """Let another key sign vouchers of a channel, up to a cap for each payee and for a time."""
        return self._channels.permit(channel_id, delegate, cap_wei=cap_wei, expiry_s=expiry_s)

    def close(self, channel_id: bytes) -> ChannelRecord:
        """Give notice; return the channel, whose ``closes_at_s`` says until when it lasts."""
        return self._loop.call(self._channels.close(channel_id))

    def reclaim(self, channel_id: bytes) -> int:
        """Take back what was not redeemed, after the notice; return how much, in wei."""
        return self._loop.call(self._channels.reclaim(channel_id))

    def list(self) -> list[ChannelView]:
        """Return every channel of this client that is on chain, oldest first."""
        return self._loop.call(self._channels.list())

    def view(self, channel_id: bytes) -> ChannelView:
        """Return one channel as it stands."""
        return self._loop.call(self._channels.view(channel_id))


class Tasks:
    """Tasks of one open client; see :class:`.tasks.TaskClient` for what each call does."""

    def __init__(self, client: AsyncClient, tasks: TaskClient, loop: Loop) -> None:
        self._client, self._tasks, self._loop = client, tasks, loop

    def run(
        self,
        model: PublishedModel | Path | str,
        inputs: Sequence[Arrays],
        *,
        checker: SyncChecker | str | None = None,
        **terms: Any,
    ) -> TaskResults:
        """Compute a model on inputs, one task each, and pay for what was delivered and checked."""

        asked = _awaited(checker) if callable(checker) else checker

        async def work() -> TaskResults:
            found = await self._client.model(model)
            return await self._tasks.run(found, inputs, checker=asked, **terms)

        return self._loop.call(work())

    def resume(self, *, check: int = 0, checker: SyncChecker | None = None) -> list[Batch]:
        """Take every open batch to its end; return those that were delivered."""
        asked = None if checker is None else _awaited(checker)
        return self._loop.call(self._tasks.resume(check=check, checker=asked))

    def terms(self, channel_id: bytes, payee: str) -> TaskTerms:
        """Return what a provider asks for tasks, and how it sees a channel."""
        return self._loop.call(self._tasks.terms(channel_id, payee))

    def outputs(self, model: PublishedModel, order_hash: bytes) -> list[Outputs]:
        """Return the outputs of a batch that was received, from disk."""
        return self._loop.call(self._tasks.outputs(model, order_hash))


def _awaited(repeat: SyncChecker) -> Checker:
    """Return a checker that does not stop the client's loop while it computes."""

    async def ask(
        model: PublishedModel, specs: Sequence[JobSpec], inputs: Sequence[bytes]
    ) -> Sequence[Sequence[Array]]:
        return await asyncio.to_thread(repeat, model, specs, inputs)

    return ask
