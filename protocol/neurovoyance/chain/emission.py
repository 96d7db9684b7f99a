"""Emission and canaries as typed facades.

Place: beside ``rewards``, for ``node`` and ``cli``; they hold no rule. Amounts are wei, times unix
seconds of the chain, an epoch is the number of whole weeks since 1970.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.genesis import CanaryModel
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.signing import Offer


class EpochRecord(NamedTuple):
    """An epoch as its roll fixed it; mirrors ``IEmissionController.Epoch``.

    Attributes:
        cap_e8: largest work reward, as a part of fees in 1e-8.
        liquid_bps: part of a reward that is paid at once.
        loyalty_bps: extra weight of a stake that is a year old.
        avail_sum, work_sum: weights of all registered providers.
        left_wei: not paid and not expired.
    """

    avail_pool_wei: int
    work_pool_wei: int
    cap_e8: int
    liquid_bps: int
    loyalty_bps: int
    avail_sum: int
    work_sum: int
    left_wei: int

    @property
    def is_rolled(self) -> bool:
        """Whether the epoch has pools; the liquid part is never zero."""
        return self.liquid_bps > 0


class WeightRecord(NamedTuple):
    """What a provider brings into an epoch; mirrors ``IEmissionController.Weight``.

    Attributes:
        score_bps: canaries passed, of those drawn.
        loyalty: 10,000 to 15,000; 0 if the provider is not registered, or was paid.
        delegated_e9: delegators' part of the availability reward, in 1e-9; with 2^31 added once
            they got it.
    """

    fees_wei: int
    stake_wei: int
    score_bps: int
    loyalty: int
    delegated_e9: int

    @property
    def is_registered(self) -> bool:
        """Whether a claim would find it."""
        return self.loyalty > 0

    @property
    def has_to_hand_on(self) -> bool:
        """Whether delegators were behind the provider whose part nobody shared out."""
        return 0 < self.delegated_e9 < 1 << 31


class RewardRecord(NamedTuple):
    """What a reward consists of; ``delegated_wei``, handed on or not, is of ``avail_wei``."""

    work_wei: int
    avail_wei: int
    delegated_wei: int


class Score(NamedTuple):
    """Duties of a provider in an epoch: canaries drawn and audits missed, and canaries passed."""

    passed: int
    drawn: int

    @property
    def bps(self) -> int:
        """The passed part, as the contract rounds it."""
        return 10_000 * self.passed // self.drawn if self.drawn else 0


class Emission(Facade):
    """``EmissionController``: what providers get beside their fees."""

    contract = "EmissionController"

    async def roll(self, wallet: Wallet, *, idempotency_key: str | None = None) -> Receipt:
        """Fix the pools of the epoch that ended last; anyone, once an epoch."""
        return await self._send(wallet, idempotency_key, "roll")

    async def register(
        self, wallet: Wallet, provider: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Enter a provider's weights for the epoch that ended last; anyone."""
        return await self._send(wallet, idempotency_key, "register", provider)

    async def claim(
        self, wallet: Wallet, provider: str, epoch: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay a provider's reward, two to nine epochs after; owner or operator."""
        return await self._send(wallet, idempotency_key, "claim", provider, epoch)

    async def hand_on(
        self, wallet: Wallet, provider: str, epoch: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Share the delegators' part of a reward out among those of now; anyone, as ``claim``."""
        return await self._send(wallet, idempotency_key, "handOn", provider, epoch)

    async def vest(
        self, wallet: Wallet, account: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Deposit in the vault what it refused in claims of an account; anyone."""
        return await self._send(wallet, idempotency_key, "vest", account)

    async def vesting_owed_wei(self) -> int:
        """Return what the vault has refused of everybody's emission."""
        return int(await self._read("vestingOwedWei"))

    async def vesting_owed_of_wei(self, account: str) -> int:
        """Return what the vault has refused of an account's emission."""
        return int(await self._read("vestingOwedOf", account))

    async def claim_delegated(
        self, wallet: Wallet, provider: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay the caller its part of what the provider claimed for its delegators."""
        return await self._send(wallet, idempotency_key, "claimDelegated", provider)

    async def expire(
        self, wallet: Wallet, epoch: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Return what nobody claimed of an epoch to the reserve; anyone."""
        return await self._send(wallet, idempotency_key, "expire", epoch)

    async def reserve_wei(self) -> int:
        """Return R, what is promised to no epoch."""
        return int(await self._read("reserveWei"))

    async def reserved_wei(self) -> int:
        """Return what is promised to epochs and not paid."""
        return int(await self._read("reservedWei"))

    async def delegated_wei(self) -> int:
        """Return what waits for delegators to take it."""
        return int(await self._read("delegatedWei"))

    async def paid_wei(self) -> int:
        """Return what ever left."""
        return int(await self._read("paidWei"))

    async def avail_bps(self) -> int:
        """Return the part of the next budget that goes into the availability pool."""
        return int(await self._read("availBps"))

    async def baseline_wei(self) -> int:
        """Return the fees of an epoch at which the whole work pool is emitted."""
        return int(await self._read("baselineWei"))

    async def circulating_wei(self) -> int:
        """Return the supply outside of the reserve and of excluded holders."""
        return int(await self._read("circulatingWei"))

    async def first_epoch(self) -> int:
        """Return the first epoch that can be rolled."""
        return int(await self._read("firstEpoch"))

    async def last_epoch(self) -> int:
        """Return the last epoch that was rolled; 0 if none."""
        return int(await self._read("lastEpoch"))

    async def epoch_of(self, epoch: int) -> EpochRecord:
        """Return an epoch as its roll fixed it; zeros if nobody rolled it."""
        return EpochRecord(*await self._read("epochOf", epoch))

    async def weight_of(self, provider: str, epoch: int) -> WeightRecord:
        """Return a provider's weights; zeros if it is not registered, or was paid."""
        return WeightRecord(*await self._read("weightOf", provider, epoch))

    async def reward_of(self, provider: str, epoch: int) -> RewardRecord:
        """Return what a claim would pay by the weights of now."""
        return RewardRecord(*await self._read("rewardOf", provider, epoch))


class CanaryState(IntEnum):
    """Where a canary stands; mirrors ``ICanaries.CanaryState``."""

    NONE = 0
    REQUESTED = 1
    DRAWN = 2
    TAKEN = 3
    PASSED = 4
    FAILED = 5
    VOID = 6

    @property
    def is_cold(self) -> bool:
        """Whether nothing changes it any more."""
        return self in (CanaryState.PASSED, CanaryState.FAILED, CanaryState.VOID)


class CanaryRecord(NamedTuple):
    """A canary; mirrors ``ICanaries.Canary``.

    Attributes:
        round: of the beacon.
        requested_at_s: seats that were live then can be drawn.
        take_by_s: last second to take it.
        epoch: of the draw.
        provider: drawn; the zero address before.
        seed: the input is expanded from it, 32 bytes.
        job_id: 32 bytes, zeros until it was taken.
    """

    round: int
    requested_at_s: int
    take_by_s: int
    epoch: int
    state: CanaryState
    job_class: int
    provider: Address
    batch: int
    max_runtime_s: int
    model_id: bytes
    seed: bytes
    job_id: bytes


class CanaryTerms(NamedTuple):
    """What the offer for a canary has to be for."""

    spec: JobSpec
    price_wei: int
    lock_wei: int


class Canaries(Facade):
    """``Canaries``: jobs that the protocol draws."""

    contract = "Canaries"

    async def fund(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Add the caller's tokens to the budget; needs an allowance."""
        return await self._send(wallet, idempotency_key, "fund", amount_wei)

    async def request(self, wallet: Wallet, *, idempotency_key: str | None = None) -> Receipt:
        """Ask the beacon for the next canary; anyone, when it is time."""
        return await self._send(wallet, idempotency_key, "request")

    async def draw(
        self, wallet: Wallet, canary_id: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Draw model, provider and input; anyone, once the round is ready."""
        return await self._send(wallet, idempotency_key, "draw", canary_id)

    async def take(
        self,
        wallet: Wallet,
        canary_id: int,
        offer: Offer,
        signature: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Open the canary's job with the drawn provider's offer; anyone, within the hour."""
        args = (canary_id, offer.as_abi(), signature)
        return await self._send(wallet, idempotency_key, "take", *args)

    async def miss(
        self, wallet: Wallet, canary_id: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End a canary that was not taken in time; anyone."""
        return await self._send(wallet, idempotency_key, "miss", canary_id)

    async def score(
        self, wallet: Wallet, canary_id: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End a canary whose job is over; anyone."""
        return await self._send(wallet, idempotency_key, "score", canary_id)

    async def terms_of(self, canary_id: int) -> CanaryTerms | None:
        """Return what the offer has to be for now, or None unless the canary is drawn."""
        call = self.prepare("specOf", canary_id)
        raw, price_wei, lock_wei = await self.client.call(call)
        if not price_wei:
            return None
        spec = JobSpec(
            model_id=raw[0],
            input_cid=raw[1],
            job_class=JobClass(raw[2]),
            batch=raw[3],
            seed=raw[4],
            declared_gain_wei=raw[5],
            max_runtime_s=raw[6],
            window_s=raw[7],
            client_key=raw[8],
            audit_slots=raw[9],
        )
        return CanaryTerms(spec, int(price_wei), int(lock_wei))

    async def canary_of(self, canary_id: int) -> CanaryRecord:
        """Return a canary; state NONE for an id that was never requested."""
        record = CanaryRecord(*await self._read("canaryOf", canary_id))
        return record._replace(state=CanaryState(record.state))

    async def score_of(self, provider: str, epoch: int) -> Score:
        """Return a provider's canaries of an epoch; audits it missed count as drawn."""
        return Score(*await self.client.call(self.prepare("scoreOf", provider, epoch)))

    async def count(self) -> int:
        """Return the last id."""
        return int(await self._read("count"))

    async def ready_at_s(self) -> int:
        """Return from when the next canary can be requested."""
        return int(await self._read("readyAt"))

    async def models(self) -> list[CanaryModel]:
        """Return the catalogue."""
        return [CanaryModel(*model) for model in await self._read("models")]
