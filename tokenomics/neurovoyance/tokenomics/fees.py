"""Exact twin of ``FeeRouter``: fees of providers by epoch, and their split.

Place: under the differential tests and whatever explains a harvest to an owner. Amounts are
integers in wei, rates integers in bps, times unix seconds. Every slice of the split rounds down;
insurance takes the dust.

Never: floats, or state changed by an action that is refused.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from neurovoyance.protocol.units import bps_down
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.reverts import TwinRevert

BPS = 10_000
EPOCH_S = 604_800
EPOCHS_MAX = 64
"""Epochs that one harvest splits."""

KEYS = ("burnBps", "treasuryBps", "insuranceBps", "auditBps", "vestBps")
"""Parameters of the split."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of an epoch, bps; mirrors ``IFeeRouter.Rates``."""

    burn_bps: int
    treasury_bps: int
    insurance_bps: int
    audit_bps: int
    vest_bps: int

    @property
    def liquid_bps(self) -> int:
        """The provider's part that is paid at once."""
        taken_bps = self.burn_bps + self.treasury_bps + self.insurance_bps + self.audit_bps
        return BPS - taken_bps - self.vest_bps


@dataclass(frozen=True, slots=True)
class Split:
    """The split of a sum, wei; the parts sum to it."""

    burned_wei: int = 0
    to_treasury_wei: int = 0
    to_insurance_wei: int = 0
    to_audits_wei: int = 0
    vested_wei: int = 0
    liquid_wei: int = 0

    def __add__(self, other: Split) -> Split:
        return Split(
            self.burned_wei + other.burned_wei,
            self.to_treasury_wei + other.to_treasury_wei,
            self.to_insurance_wei + other.to_insurance_wei,
            self.to_audits_wei + other.to_audits_wei,
            self.vested_wei + other.vested_wei,
            self.liquid_wei + other.liquid_wei,
        )


def split(amount_wei: int, rates: Rates, *, has_audits: bool) -> Split:
    """Return the split of an amount; without audits their slice is the insurance's."""
    burned_wei = bps_down(amount_wei, rates.burn_bps)
    treasury_wei = bps_down(amount_wei, rates.treasury_bps)
    audits_wei = bps_down(amount_wei, rates.audit_bps) if has_audits else 0
    vested_wei = bps_down(amount_wei, rates.vest_bps)
    liquid_wei = bps_down(amount_wei, rates.liquid_bps)
    rest_wei = amount_wei - burned_wei - treasury_wei - audits_wei - vested_wei - liquid_wei
    return Split(burned_wei, treasury_wei, rest_wei, audits_wei, vested_wei, liquid_wei)


@dataclass(slots=True)
class Entry:
    """Fees of a provider in an epoch, wei, and how much of them is split."""

    fees_wei: int = 0
    harvested_wei: int = 0

    @property
    def left_wei(self) -> int:
        """What a harvest would split."""
        return self.fees_wei - self.harvested_wei


@dataclass(slots=True)
class FeeRouter:
    """The router; one method for every call of the contract.

    Attributes:
        recorders: who may record.
        has_audits: whether the deployment has an AuditCourt.
        operators: operator by provider.
        values: the present parameters, by key.
        entries: fees by provider and epoch.
        rates: frozen rates by epoch.
        pots: what waits for a sweep; its parts of the provider are zero.
        owed_wei: what the vault has refused, by provider.
        vault_refuses: whether it refuses deposits now.
    """

    recorders: frozenset[str]
    has_audits: bool = True
    operators: dict[str, str] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=lambda: {k: default_of(k) for k in KEYS})
    entries: dict[str, dict[int, Entry]] = field(default_factory=lambda: defaultdict(dict))
    rates: dict[int, Rates] = field(default_factory=dict)
    pots: Split = Split()
    owed_wei: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    vault_refuses: bool = False

    # --- calls ---

    def record(self, caller: str, provider: str, amount_wei: int, now_s: int) -> None:
        """Count a final fee.

        Raises:
            TwinRevert: ``FeeRouter__OnlyMarket``.
        """
        if caller not in self.recorders:
            raise TwinRevert("FeeRouter__OnlyMarket", caller)
        if amount_wei == 0:
            return
        epoch = now_s // EPOCH_S
        self.rates.setdefault(epoch, self.rates_now())
        self.entries[provider].setdefault(epoch, Entry()).fees_wei += amount_wei

    def harvest(self, caller: str, provider: str, earned_wei: int) -> Split:
        """Split the provider's fees of at most 64 epochs; return the sums, wei.

        Args:
            caller: who harvests.
            provider: whose fees.
            earned_wei: what the provider has in the market beside them.

        Raises:
            TwinRevert: ``NotOwnerNorOperator``, ``NothingToHarvest``.
        """
        if caller not in (provider, self.operators.get(provider)):
            raise TwinRevert("FeeRouter__NotOwnerNorOperator", provider, caller)
        epochs = self._epochs_to_harvest(provider)
        if not epochs and earned_wei == 0:
            raise TwinRevert("FeeRouter__NothingToHarvest", provider)
        total = Split()
        for epoch in epochs:
            entry = self.entries[provider][epoch]
            total += split(entry.left_wei, self.rates[epoch], has_audits=self.has_audits)
            entry.harvested_wei = entry.fees_wei
        kept = (total.burned_wei, total.to_treasury_wei)
        self.pots += Split(*kept, total.to_insurance_wei, total.to_audits_wei)
        if self.vault_refuses:
            self.owed_wei[provider] += total.vested_wei
        return total

    def vest(self, provider: str) -> int:
        """Deposit what the vault has refused; return it, wei.

        Raises:
            TwinRevert: ``NothingToVest``, or the vault's while it refuses.
        """
        amount_wei = self.owed_wei[provider]
        if amount_wei == 0:
            raise TwinRevert("FeeRouter__NothingToVest", provider)
        if self.vault_refuses:
            raise TwinRevert("Refused")
        self.owed_wei[provider] = 0
        return amount_wei

    def sweep(self) -> Split:
        """Hand the pots on; return them, wei.

        Raises:
            TwinRevert: ``FeeRouter__NothingToSweep``.
        """
        if self.pots == Split():
            raise TwinRevert("FeeRouter__NothingToSweep")
        swept, self.pots = self.pots, Split()
        return swept

    # --- views ---

    def rates_now(self) -> Rates:
        """Return the rates that a first fee would freeze now."""
        return Rates(*(self.values[key] for key in KEYS))

    def rates_of(self, epoch: int) -> Rates:
        """Return the rates of an epoch; those of now if it had no fee."""
        return self.rates.get(epoch) or self.rates_now()

    def fees_of(self, provider: str, epoch: int) -> int:
        """Return a provider's fees of an epoch, harvested or not, wei."""
        return self.entries[provider].get(epoch, Entry()).fees_wei

    def fees_in(self, epoch: int) -> int:
        """Return the fees of all providers in an epoch, wei."""
        return sum(own[epoch].fees_wei for own in self.entries.values() if epoch in own)

    def unharvested_of(self, provider: str) -> int:
        """Return what a harvest would split now, wei."""
        own = self.entries[provider]
        return sum(own[epoch].left_wei for epoch in self._epochs_to_harvest(provider))

    def _epochs_to_harvest(self, provider: str) -> list[int]:
        own = self.entries[provider]
        return sorted(epoch for epoch, entry in own.items() if entry.left_wei)[:EPOCHS_MAX]
