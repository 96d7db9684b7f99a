"""What the treasury may pay within 30 days, as ``Treasury`` counts it.

Place: a pure model of ``contracts/governance/Treasury.sol``: the same rules and names, in the same
order. Amounts are wei, times unix seconds; a limit is a part of the base, in bps. The base is what
is held now and what both timelocks paid in the window. Never: a balance of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from neurovoyance.tokenomics.reverts import TwinRevert

DAY_S = 86_400
WINDOW_DAYS = 30
"""A payment counts on its own day (UTC) and on as many days after it."""

Payer = Literal["standard", "constitutional"]


def _no_payments() -> dict[Payer, dict[int, int]]:
    return {"standard": {}, "constitutional": {}}


@dataclass(slots=True)
class TreasuryState:
    """Counted holdings, and what each timelock paid on which day.

    Attributes:
        holdings_wei: tokens that came by ``fund`` or a grant and were not paid.
        collected_wei: released tokens that are counted, by grant.
    """

    holdings_wei: int = 0
    collected_wei: dict[str, int] = field(default_factory=dict)
    _paid: dict[Payer, dict[int, int]] = field(default_factory=_no_payments)

    def fund(self, amount_wei: int) -> None:
        """Count tokens that somebody gives.

        Raises:
            TwinRevert: Treasury__ZeroAmount.
        """
        if amount_wei == 0:
            raise TwinRevert("Treasury__ZeroAmount")
        self.holdings_wei += amount_wei

    def collect_grant(self, wallet: str, released_wei: int) -> int:
        """Count what a grant has released in all; return what was new.

        Raises:
            TwinRevert: Treasury__ZeroAmount, if nothing was.
        """
        amount = released_wei - self.collected_wei.get(wallet, 0)
        if amount == 0:
            raise TwinRevert("Treasury__ZeroAmount")
        self.collected_wei[wallet] = released_wei
        self.holdings_wei += amount
        return amount

    def pay(self, payer: Payer, amount_wei: int, limit_bps: int, now_s: int) -> None:
        """Pay within the payer's limit.

        Raises:
            TwinRevert: Treasury__ZeroAmount or Treasury__OverLimit.
        """
        if amount_wei == 0:
            raise TwinRevert("Treasury__ZeroAmount")
        left = self.left_of(payer, limit_bps, now_s)
        if amount_wei > left:
            raise TwinRevert("Treasury__OverLimit", amount_wei, left)
        self.holdings_wei -= amount_wei
        days, today = self._paid[payer], now_s // DAY_S
        days[today] = days.get(today, 0) + amount_wei

    def paid_in_30_days(self, payer: Payer, now_s: int) -> int:
        """Return what a timelock paid in the window that ends now."""
        today = now_s // DAY_S
        days = self._paid[payer].items()
        return sum(amount for day, amount in days if today - WINDOW_DAYS <= day <= today)

    def left_of(self, payer: Payer, limit_bps: int, now_s: int) -> int:
        """Return what a timelock may pay at once, given its parameter."""
        paid = {each: self.paid_in_30_days(each, now_s) for each in self._paid}
        base = self.holdings_wei + sum(paid.values())
        return max(0, base * limit_bps // 10_000 - paid[payer])
