"""Rewards: registered, claimed, harvested and released when they are due, for our owner.

Place: a duty of the agent; the operator key may do all of it, and money only ever reaches the
owner. Data flow: chain time -> epoch -> what the chain says is open -> one call at a time. Nothing
is journalled: what was done shows on the chain, and a call made twice reverts. Never: an early
exit, or any call that only the owner could make.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.emission import Canaries, Emission
from neurovoyance.chain.events import ChainEvent, Rollback
from neurovoyance.chain.rewards import EPOCH_S, FeeRouter, Vault
from neurovoyance.node.canary_rules import own_wait_s
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.logs import log_event
from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.tokenomics.emission import CLAIM_FIRST, CLAIM_LAST

LOOK_EVERY_S = 600
"""Chain seconds between looks: nothing here is due within minutes."""


@dataclass(frozen=True, slots=True)
class Rewards:
    """The contracts that pay."""

    emission: Emission
    canaries: Canaries
    fees: FeeRouter
    vault: Vault


class RewardDuty:
    """Collects one owner's rewards.

    Args:
        chain: reads and sends.
        rewards: the contracts.
        threshold_wei: fees and vested tokens are collected above this, once an epoch.
    """

    name = "rewards"

    def __init__(self, chain: ChainSide, rewards: Rewards, *, threshold_wei: int) -> None:
        self._chain = chain
        self._rewards = rewards
        self._threshold_wei = threshold_wei
        self._next_look_s = 0
        self._collected_in = 0
        self._first_epoch: int | None = None

    async def restore(self) -> None:
        """Nothing to load."""

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        """Nothing to note: time decides."""

    async def sweep(self, time_s: int) -> None:
        """Do what is due; one look in ten minutes of chain time, more while something is done."""
        if time_s < self._next_look_s:
            return
        present = time_s // EPOCH_S
        is_done = await self._register(present, time_s)
        is_done |= await self._claim(present)
        if present > self._collected_in:
            await self._collect()
            self._collected_in = present
        self._next_look_s = time_s + (0 if is_done else LOOK_EVERY_S)

    def due(self) -> int:
        """Return nothing: rewards wait for weeks."""
        return 0

    def live(self) -> int:
        """Return nothing: there are no cases."""
        return 0

    def occupied(self) -> int:
        """Return nothing: nothing is computed."""
        return 0

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return nothing."""
        return frozenset()

    async def close(self) -> None:
        """Nothing runs between sweeps."""

    async def _register(self, present: int, time_s: int) -> bool:
        """Register for the epoch that ended last, again if the score has risen; or only roll it."""
        emission, owner, epoch = self._rewards.emission, self._chain.provider, present - 1
        if self._first_epoch is None:
            self._first_epoch = await emission.first_epoch()
        if epoch < self._first_epoch:
            return False
        weight = await emission.weight_of(owner, epoch)
        score = await self._rewards.canaries.score_of(owner, epoch)
        if weight.is_registered:
            is_better = score.bps > weight.score_bps
        else:
            fees_wei = await self._rewards.fees.fees_of_wei(owner, epoch)
            is_better = fees_wei > 0 or score.passed > 0
        if is_better:
            return await self._do("registered", emission.register, owner)
        if await emission.last_epoch() == epoch or weight.is_registered:
            return False
        if time_s % EPOCH_S < own_wait_s(owner, epoch):
            return False
        return await self._do("rolled", emission.roll)

    async def _claim(self, present: int) -> bool:
        """Claim every epoch that is payable and registered."""
        emission, owner = self._rewards.emission, self._chain.provider
        is_done = False
        for epoch in range(present - CLAIM_LAST, present - CLAIM_FIRST + 1):
            if (await emission.weight_of(owner, epoch)).is_registered:
                is_done |= await self._do("claimed", emission.claim, owner, epoch)
        return is_done

    async def _collect(self) -> None:
        """Split and pay out fees, and release what has vested, where it is worth a call."""
        owner, fees, vault = self._chain.provider, self._rewards.fees, self._rewards.vault
        if await fees.unharvested_of_wei(owner) >= max(1, self._threshold_wei):
            await self._do("harvested", fees.harvest, owner)
        if await vault.releasable_of_wei(owner) >= max(1, self._threshold_wei):
            await self._do("released", vault.release, owner)

    async def _do(self, event: str, call: Callable[..., Awaitable[Receipt]], *args: object) -> bool:
        """Send a call; a refusal is no failure: somebody else was quicker, or it can wait."""
        try:
            receipt = await call(self._chain.wallet, *args)
        except ContractRevert as error:
            log_event(logging.INFO, "reward_skipped", step=event, error=error)
            return False
        log_event(logging.INFO, "reward_" + event, tx_hash=receipt.tx_hash)
        return True
