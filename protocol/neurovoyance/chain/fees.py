"""What a transaction may cost: EIP-1559 fees, a cap, and the steps of replacement.

Place: used by ``sender``; pure. All fees are wei per gas. Nodes replace a pending transaction only
when both fee fields rise by an eighth (12.5 %) or more, hence the rounding up.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.units import BPS, mul_div_up

GWEI = 10**9
BUMP_MIN_BPS = 1_250


@dataclass(frozen=True, slots=True)
class Fees:
    """The two fee fields of a transaction, in wei per gas."""

    max_fee_wei: int
    tip_wei: int


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """How much is offered, and when more.

    Attributes:
        cap_wei_per_gas: never offer more; above it the sender waits and says so.
        min_tip_wei_per_gas: tip offered even when the node suggests less.
        base_fee_multiple: room for the base fee to grow while pending (2 covers six full blocks).
        gas_margin_bps: added to the gas estimate.
        stuck_after_s: a transaction pending for longer is replaced with higher fees.
        bump_bps: by how much both fees rise on a replacement, at least 1,250 (12.5 %).
    """

    cap_wei_per_gas: int = 200 * GWEI
    min_tip_wei_per_gas: int = GWEI // 1000
    base_fee_multiple: int = 2
    gas_margin_bps: int = 2_500
    stuck_after_s: float = 45.0
    bump_bps: int = BUMP_MIN_BPS

    def __post_init__(self) -> None:
        faults = []
        if self.cap_wei_per_gas <= 0:
            faults.append("cap_wei_per_gas: must be above zero")
        if self.bump_bps < BUMP_MIN_BPS:
            faults.append(f"bump_bps: nodes refuse less than {BUMP_MIN_BPS}")
        if self.min_tip_wei_per_gas < 0 or self.base_fee_multiple < 1 or self.gas_margin_bps < 0:
            faults.append("min_tip_wei_per_gas, base_fee_multiple, gas_margin_bps: out of range")
        if self.stuck_after_s <= 0:
            faults.append("stuck_after_s: must be above zero")
        if faults:
            raise ConfigError("The fee policy is not usable: " + "; ".join(faults), faults=faults)

    def gas_limit(self, estimate: int) -> int:
        """Return the gas limit for an estimate, margin included, rounded up."""
        return mul_div_up(estimate, BPS + self.gas_margin_bps, BPS)

    def first(self, base_fee_wei: int, suggested_tip_wei: int) -> Fees | None:
        """Return the fees of a first attempt, or None when the present base fee is over the cap."""
        tip_wei = max(self.min_tip_wei_per_gas, suggested_tip_wei)
        if base_fee_wei + tip_wei > self.cap_wei_per_gas:
            tip_wei = min(tip_wei, self.cap_wei_per_gas - base_fee_wei)
        if tip_wei < self.min_tip_wei_per_gas:
            return None
        wanted_wei = base_fee_wei * self.base_fee_multiple + tip_wei
        return Fees(min(wanted_wei, self.cap_wei_per_gas), tip_wei)

    def bumped(self, previous: Fees, base_fee_wei: int, suggested_tip_wei: int) -> Fees | None:
        """Return the fees of a replacement, or None when the cap leaves no room for one."""
        max_fee_wei = _raised(previous.max_fee_wei, self.bump_bps)
        tip_wei = _raised(previous.tip_wei, self.bump_bps)
        if max_fee_wei > self.cap_wei_per_gas:
            return None
        fresh = self.first(base_fee_wei, suggested_tip_wei)
        if fresh is not None:
            max_fee_wei = max(max_fee_wei, fresh.max_fee_wei)
            tip_wei = max(tip_wei, fresh.tip_wei)
        return Fees(max_fee_wei, min(tip_wei, max_fee_wei))


def _raised(fee_wei: int, bump_bps: int) -> int:
    """Return the fee raised by ``bump_bps``, rounded up, and by 1 wei at least."""
    return max(fee_wei + 1, mul_div_up(fee_wei, BPS + bump_bps, BPS))
