"""Exact twin of ``InsuranceFund``: what it holds, and what it may pay.

Place: beside the contract; tests drive both together. Amounts are wei, times unix seconds; losses
and the audit pool are told by the caller, who knows them from StakeManager and JobMarket.

Never: a float, a refusal whose name is not the contract's, or state changed by a refused call.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from neurovoyance.protocol.units import bps_down
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.reverts import TwinRevert

EPOCH_S = 604_800
DAY_S = 86_400
POOL_FLOOR_WEI = default_of("poolFloorWei")
_BREAKER_BPS = default_of("breakerInsuranceBps")
_GRANT_BPS = default_of("insuranceGrantBps")


@dataclass(frozen=True, slots=True)
class Period:
    """An epoch or a day: what was held when it began, and what was paid in it; wei."""

    number: int = 0
    held_wei: int = 0
    paid_wei: int = 0


@dataclass(slots=True)
class InsuranceFund:
    """The whole contract.

    Attributes:
        values: live parameters by key; a key that is missing has its default.
        has_params: whether there is a breaker.
        holdings_wei: counted tokens.
        granted_wei: paid by votes in the epoch ``granted_epoch``.
        paid: verdicts that were paid.
        trips: how often the breaker was tripped.
    """

    values: dict[str, int] = field(default_factory=dict)
    has_params: bool = True
    holdings_wei: int = 0
    epoch: Period = Period()
    day: Period = Period()
    granted_wei: int = 0
    granted_epoch: int = 0
    paid: set[bytes] = field(default_factory=set)
    trips: int = 0

    def fund(self, amount_wei: int, now_s: int) -> None:
        """Count tokens that came in."""
        if amount_wei == 0:
            raise TwinRevert("InsuranceFund__ZeroAmount")
        self._begin(now_s)
        self.holdings_wei += amount_wei

    def left_wei(self, now_s: int) -> int:
        """Return what may be paid at once."""
        epoch = self._present(self.epoch, now_s // EPOCH_S)
        per_event_wei = bps_down(epoch.held_wei, self._value("insurancePerEventBps"))
        in_all_wei = bps_down(epoch.held_wei, self._value("insurancePerEpochBps"))
        rest_wei = max(in_all_wei - epoch.paid_wei, 0)
        return min(per_event_wei, rest_wei, self.holdings_wei)

    def grant_left_wei(self, now_s: int) -> int:
        """Return what may be granted by vote at once."""
        held_wei = self._present(self.epoch, now_s // EPOCH_S).held_wei
        rest_wei = bps_down(held_wei, _GRANT_BPS) - self._granted_wei(now_s)
        return min(rest_wei, self.left_wei(now_s))

    def pay_verdict(self, slash_id: bytes, loss_wei: int, now_s: int) -> int:
        """Pay what a client lost by a job that was proven wrong late; return the wei."""
        if slash_id in self.paid:
            raise TwinRevert("InsuranceFund__AlreadyPaid", slash_id)
        if loss_wei == 0:
            raise TwinRevert("InsuranceFund__NoVerdict", slash_id)
        self._spend(loss_wei, now_s)
        self.paid.add(slash_id)
        return loss_wei

    def top_up_pool(self, pool_wei: int, now_s: int) -> int:
        """Fill the audit pool up as far as the limits allow; return the wei."""
        if pool_wei >= POOL_FLOOR_WEI:
            raise TwinRevert("InsuranceFund__PoolFull", pool_wei, POOL_FLOOR_WEI)
        missing_wei = POOL_FLOOR_WEI - pool_wei
        amount_wei = min(missing_wei, self.left_wei(now_s))
        if amount_wei == 0:
            raise TwinRevert("InsuranceFund__OverLimit", missing_wei, 0)
        self._spend(amount_wei, now_s)
        return amount_wei

    def pay(self, amount_wei: int, now_s: int) -> None:
        """Grant what a vote says, within the limits and the epoch's limit of grants."""
        if amount_wei == 0:
            raise TwinRevert("InsuranceFund__ZeroAmount")
        left_wei = self.grant_left_wei(now_s)
        if amount_wei > left_wei:
            raise TwinRevert("InsuranceFund__OverGrantLimit", amount_wei, left_wei)
        self.granted_wei = self._granted_wei(now_s) + amount_wei
        self.granted_epoch = now_s // EPOCH_S
        self._spend(amount_wei, now_s)

    def _granted_wei(self, now_s: int) -> int:
        return self.granted_wei if self.granted_epoch == now_s // EPOCH_S else 0

    def _spend(self, amount_wei: int, now_s: int) -> None:
        left_wei = self.left_wei(now_s)
        if amount_wei > left_wei:
            raise TwinRevert("InsuranceFund__OverLimit", amount_wei, left_wei)
        self._begin(now_s)
        self.holdings_wei -= amount_wei
        epoch, day = self.epoch, self.day
        self.epoch = Period(epoch.number, epoch.held_wei, epoch.paid_wei + amount_wei)
        self.day = Period(day.number, day.held_wei, day.paid_wei + amount_wei)
        most_wei = bps_down(day.held_wei, _BREAKER_BPS)
        self.trips += self.has_params and self.day.paid_wei > most_wei

    def _begin(self, now_s: int) -> None:
        self.epoch = self._present(self.epoch, now_s // EPOCH_S)
        self.day = self._present(self.day, now_s // DAY_S)

    def _present(self, last: Period, number: int) -> Period:
        """Return the present period; what is held before its first change is what it began with."""
        return last if last.number == number else Period(number, self.holdings_wei)

    def _value(self, key: str) -> int:
        return self.values.get(key, default_of(key))
