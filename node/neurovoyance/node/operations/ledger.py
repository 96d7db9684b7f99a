"""Every amount that a provider earned or lost, and why: pure.

Place: fed by ``earnings`` with the provider's events in chain order; read by the command line and
by the metrics. A row is one event: its income (earned; negative when it was taken) and what it
moved between the pockets in which contracts hold the provider's money. The moves of a pocket add
up to the contract's own balance, and the incomes to all pockets together, to the wei. Never: an
amount that no event told, or a float.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from neurovoyance.protocol.ids import hex_of


class Pocket(StrEnum):
    """Where a provider's money is: EARNED in JobMarket, FEES before their split, OWED to the vault,
    VESTING in the vault, STAKE with what unbonds, WALLET what was paid out, FREE of a finder.
    """

    EARNED = "earned"
    FEES = "fees"
    OWED = "owed to the vault"
    VESTING = "vesting"
    STAKE = "stake"
    WALLET = "paid out"
    FREE = "free"


class Reason(StrEnum):
    """Why an amount came or went."""

    JOB = "job"
    CANARY = "canary"
    VOUCHER = "voucher"
    AUDIT = "audit"
    REFEREE = "referee"
    COURT = "court"
    FINDER = "finder"
    EMISSION = "emission"
    FEE_SPLIT = "fee split"
    EXIT = "early exit"
    EXITS_OF_OTHERS = "exits of others"
    SLASH = "slash"
    SLASH_REDUCED = "slash reduced"
    HARVEST = "harvest"
    VEST = "vest"
    RELEASE = "release"
    STAKE = "stake"


MOVES_ONLY = frozenset({Reason.HARVEST, Reason.VEST, Reason.RELEASE, Reason.STAKE})
"""Reasons that move what was earned before, or what the owner put in: no income."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the account.

    Attributes:
        block, log_index, tx_hash: where the chain says it.
        reason: why.
        subject: job, channel, dispute or slash id, or ``epoch N``.
        income_wei: earned; negative when it was taken.
        moves_wei: by pocket, what it changed there.
        details_wei: parts of the amount by name, for people: burned, vested and so on.
        time_s: of the block, unix seconds; 0 if nobody asked.
    """

    block: int
    log_index: int
    tx_hash: str
    reason: Reason
    subject: str
    income_wei: int
    moves_wei: dict[Pocket, int] = field(default_factory=dict)
    details_wei: dict[str, int] = field(default_factory=dict)
    time_s: int = 0


class Ledger:
    """The account of one provider.

    Args:
        provider: the owner's address.
        has_economy: fees go through the FeeRouter before anybody has them.

    Attributes:
        rows: oldest first.
    """

    def __init__(self, provider: str, *, has_economy: bool) -> None:
        self.provider = provider
        self.rows: list[Row] = []
        self._pay = Pocket.FEES if has_economy else Pocket.EARNED
        self._canaries: set[bytes] = set()
        self._booked: set[bytes] = set()
        self._from_pools: dict[bytes, int] = {}

    def add(self, events: Iterable[Any]) -> None:
        """Book events in chain order; whole transactions at a time, strangers' are ignored."""
        batch: list[Any] = []
        for event in events:
            if batch and batch[-1].meta.tx_hash != event.meta.tx_hash:
                self._add_transaction(batch)
                batch = []
            batch.append(event)
        if batch:
            self._add_transaction(batch)

    def income_wei(self) -> dict[Reason, int]:
        """Return what came in and went by reason, all reasons named that can be income."""
        found = {reason: 0 for reason in Reason if reason not in MOVES_ONLY}
        for row in self.rows:
            if row.reason in found:
                found[row.reason] += row.income_wei
        return found

    def pockets_wei(self) -> dict[Pocket, int]:
        """Return what the events say each pocket holds."""
        found: defaultdict[Pocket, int] = defaultdict(int)
        for row in self.rows:
            for pocket, amount_wei in row.moves_wei.items():
                found[pocket] += amount_wei
        return {pocket: found[pocket] for pocket in Pocket}

    def of_subject(self, subject: str) -> list[Row]:
        """Return the rows of one job, channel, dispute or slash."""
        return [row for row in self.rows if row.subject == subject]

    def _add_transaction(self, events: Sequence[Any]) -> None:
        why = _court_reasons(events, self.provider)
        for event in events:
            handler = _HANDLERS.get(event.solidity_name)
            row = handler(self, event) if handler else None
            if event.solidity_name == "CourtPaid" and row is not None and why:
                reason, subject = next(
                    ((r, s) for r, s, paid in why if paid == row.income_wei), (None, "")
                )
                if reason is not None:
                    why.remove((reason, subject, row.income_wei))
                    row = _row(event, reason, subject, row.income_wei, row.moves_wei)
            if row is not None:
                self.rows.append(row)

    # --- income ---

    def _settled(self, event: Any) -> Row | None:
        if event.provider != self.provider:
            return None
        reason = Reason.CANARY if event.job_id in self._canaries else Reason.JOB
        paid_wei = event.paid_wei
        return _row(event, reason, hex_of(event.job_id), paid_wei, {self._pay: paid_wei})

    def _canary(self, event: Any) -> None:
        if event.provider == self.provider:
            self._canaries.add(event.job_id)

    def _redeemed(self, event: Any) -> Row | None:
        if event.payee != self.provider:
            return None
        amount_wei = event.amount_wei
        subject = hex_of(event.channel_id)
        return _row(event, Reason.VOUCHER, subject, amount_wei, {self._pay: amount_wei})

    def _court_paid(self, event: Any) -> Row | None:
        if event.to != self.provider or not event.as_earned:
            return None
        if self._pay is Pocket.EARNED and self._is_channel_pay(event):
            return None
        return _row(event, Reason.COURT, "", event.amount_wei, {Pocket.EARNED: event.amount_wei})

    def _is_channel_pay(self, event: Any) -> bool:
        """Tell whether a redemption of the same transaction was booked for this payment already.

        Without the economy the channel contract pays as a court does, after it said why.
        """
        last = self.rows[-1] if self.rows else None
        return (
            last is not None
            and last.reason is Reason.VOUCHER
            and last.tx_hash == event.meta.tx_hash
            and last.income_wei == event.amount_wei
        )

    def _found(self, event: Any) -> Row | None:
        if event.finder != self.provider or not event.to_finder_wei:
            return None
        amount_wei = event.to_finder_wei
        subject = hex_of(event.slash_id)
        return _row(event, Reason.FINDER, subject, amount_wei, {Pocket.FREE: amount_wei})

    def _emission(self, event: Any) -> Row | None:
        if event.provider != self.provider:
            return None
        details = {
            "work": event.work_wei,
            "availability": event.avail_wei,
            "to delegators": event.delegated_wei,
            "liquid": event.liquid_wei,
            "vested": event.vested_wei,
        }
        income_wei = event.liquid_wei + event.vested_wei
        moves = {Pocket.WALLET: event.liquid_wei}
        return _row(event, Reason.EMISSION, f"epoch {event.epoch}", income_wei, moves, details)

    # --- fees, vesting ---

    def _split(self, event: Any) -> Row | None:
        if event.provider != self.provider:
            return None
        kept_wei = event.liquid_wei + event.vested_wei
        details = {
            "burned": event.burned_wei,
            "treasury": event.to_treasury_wei,
            "insurance": event.to_insurance_wei,
            "audits": event.to_audits_wei,
            "vested": event.vested_wei,
            "liquid": event.liquid_wei,
        }
        moves = {Pocket.FEES: -event.fees_wei, Pocket.WALLET: event.liquid_wei}
        cost_wei = kept_wei - event.fees_wei
        return _row(event, Reason.FEE_SPLIT, f"epoch {event.epoch}", cost_wei, moves, details)

    def _deposited(self, event: Any) -> Row | None:
        if event.account != self.provider:
            return None
        return _row(event, Reason.VEST, "", 0, {Pocket.VESTING: event.amount_wei})

    def _owed(self, event: Any) -> Row | None:
        # Fees are a provider's, emission also a delegator's.
        if (getattr(event, "account", None) or event.provider) != self.provider:
            return None
        is_new = event.solidity_name in ("VestingOwed", "EmissionVestingOwed")
        amount_wei = event.amount_wei if is_new else -event.amount_wei
        return _row(event, Reason.VEST, "", 0, {Pocket.OWED: amount_wei})

    def _harvested(self, event: Any) -> Row | None:
        if event.provider != self.provider:
            return None
        moves = {Pocket.EARNED: -event.amount_wei, Pocket.WALLET: event.amount_wei}
        return _row(event, Reason.HARVEST, "", 0, moves)

    def _released(self, event: Any) -> Row | None:
        if event.account != self.provider:
            return None
        moves = {Pocket.VESTING: -event.amount_wei, Pocket.WALLET: event.amount_wei}
        return _row(event, Reason.RELEASE, "", 0, moves)

    def _exited(self, event: Any) -> Row | None:
        if event.account != self.provider:
            return None
        paid_wei = event.amount_wei - event.penalty_wei
        moves = {Pocket.VESTING: -event.amount_wei, Pocket.WALLET: paid_wei}
        return _row(event, Reason.EXIT, "", -event.penalty_wei, moves)

    def _credited(self, event: Any) -> Row | None:
        if event.account != self.provider:
            return None
        moves = {Pocket.VESTING: event.amount_wei}
        return _row(event, Reason.EXITS_OF_OTHERS, "", event.amount_wei, moves)

    # --- stake and slashes ---

    def _staked(self, event: Any) -> Row | None:
        if event.provider != self.provider:
            return None
        is_in = event.solidity_name == "Staked"
        amount_wei = event.amount_wei if is_in else -event.amount_wei
        return _row(event, Reason.STAKE, "", 0, {Pocket.STAKE: amount_wei})

    def _pool_slashed(self, event: Any) -> None:
        if event.provider == self.provider:
            self._from_pools[event.slash_id] = event.from_pool_wei + event.from_unbonding_wei

    def _slashed(self, event: Any) -> Row | None:
        if event.provider != self.provider:
            return None
        return self._loss(event, event.job_id, event.amount_wei)

    def _penalised(self, event: Any) -> Row | None:
        if event.owner != self.provider:
            return None
        return self._loss(event, event.lock_id, event.amount_wei)

    def _slash_booked(self, event: Any) -> Row | None:
        if event.provider != self.provider:
            return None
        self._booked.add(event.slash_id)
        return self._loss(event, event.slash_id, event.amount_wei)

    def _loss(self, event: Any, slash_id: bytes, amount_wei: int) -> Row | None:
        own_wei = amount_wei - self._from_pools.pop(slash_id, 0)
        if not own_wei:
            return None
        moves = {Pocket.STAKE: -own_wei}
        return _row(event, Reason.SLASH, hex_of(slash_id), -own_wei, moves)

    def _reduced(self, event: Any) -> Row | None:
        if event.slash_id not in self._booked:
            return None
        moves = {Pocket.STAKE: event.to_own_wei}
        subject = hex_of(event.slash_id)
        return _row(event, Reason.SLASH_REDUCED, subject, event.to_own_wei, moves)

    def _vesting_slashed(self, event: Any) -> Row | None:
        if event.account != self.provider or not event.amount_wei:
            return None
        moves = {Pocket.VESTING: -event.amount_wei}
        return _row(event, Reason.SLASH, hex_of(event.slash_id), -event.amount_wei, moves)


def _row(
    event: Any,
    reason: Reason,
    subject: str,
    income_wei: int,
    moves: dict[Pocket, int],
    details: dict[str, int] | None = None,
) -> Row:
    meta = event.meta
    return Row(
        meta.block_number,
        meta.log_index,
        meta.tx_hash,
        reason,
        subject,
        income_wei,
        dict(moves),
        details or {},
    )


def _court_reasons(events: Sequence[Any], provider: str) -> list[tuple[Reason, str, int]]:
    """Return why courts paid in one transaction: reason, subject and amount."""
    found = []
    for event in events:
        name = event.solidity_name
        if name == "AuditRevealed" and event.auditor == provider and event.paid_wei:
            found.append((Reason.AUDIT, hex_of(event.job_id), event.paid_wei))
        if name == "RefereePaid" and event.referee == provider and event.paid_wei:
            found.append((Reason.REFEREE, f"dispute {event.dispute_id}", event.paid_wei))
    return found


_HANDLERS: dict[str, Callable[[Ledger, Any], Row | None]] = {
    "JobSettled": Ledger._settled,
    "CanaryTaken": Ledger._canary,
    "RedemptionSettled": Ledger._redeemed,
    "CourtPaid": Ledger._court_paid,
    "SlashSplit": Ledger._found,
    "EmissionClaimed": Ledger._emission,
    "FeesSplit": Ledger._split,
    "VestingDeposited": Ledger._deposited,
    "VestingOwed": Ledger._owed,
    "OwedVested": Ledger._owed,
    "EmissionVestingOwed": Ledger._owed,
    "OwedEmissionVested": Ledger._owed,
    "Harvested": Ledger._harvested,
    "Released": Ledger._released,
    "ExitExecuted": Ledger._exited,
    "IncomeCredited": Ledger._credited,
    "Staked": Ledger._staked,
    "UnbondingWithdrawn": Ledger._staked,
    "DelegationSlashed": Ledger._pool_slashed,
    "Slashed": Ledger._slashed,
    "LockSlashed": Ledger._penalised,
    "SlashBooked": Ledger._slash_booked,
    "SlashReduced": Ledger._reduced,
    "VestingSlashed": Ledger._vesting_slashed,
}
"""Handlers by the Solidity name of the event."""

HANDLED = frozenset(_HANDLERS) | {"AuditRevealed", "RefereePaid"}
