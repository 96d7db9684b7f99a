"""Exact twin of ``EmissionController``: reserve, pools, weights and payments, wei for wei.

Place: beside the contract; tests drive both together, and tools ask it what an epoch would pay.
What other contracts would answer (stakes, fees, scores, rates) is an argument; the clock is the
present epoch's number. Formulas: docs/economy.md, emission. Never: a float, or a refusal whose name
is not the contract's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neurovoyance.protocol.units import BPS
from neurovoyance.tokenomics.params import default_of, unpack
from neurovoyance.tokenomics.reverts import TwinRevert

RESERVE_WEI = 600_000_000 * 10**18
"""What the genesis gives to the controller."""
EPOCH_S = 604_800
CLAIM_FIRST = 2
CLAIM_LAST = 9
"""First and last epoch of claims, counted from the epoch that was worked in."""
LOYAL_EPOCHS = 52
"""Age at which loyalty is whole."""
UINT96_MAX = 2**96 - 1
HANDED_ON = 1 << 31
"""Bit of ``Weight.delegated_e9``: the delegators have theirs already."""
_E9 = 10**9
_WAD = 10**18


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch as its roll fixed it; mirrors ``IEmissionController.Epoch``, amounts in wei."""

    avail_pool_wei: int = 0
    work_pool_wei: int = 0
    cap_e8: int = 0
    liquid_bps: int = 0
    loyalty_bps: int = 0
    avail_sum: int = 0
    work_sum: int = 0
    left_wei: int = 0


@dataclass(frozen=True, slots=True)
class Weight:
    """What a provider brings into an epoch; mirrors ``IEmissionController.Weight``.

    ``delegated_e9`` is the delegators' part of the availability reward in 1e-9; with the bit
    :data:`HANDED_ON` they got it before the provider claimed.
    """

    fees_wei: int = 0
    stake_wei: int = 0
    score_bps: int = 0
    loyalty: int = 0
    delegated_e9: int = 0

    @property
    def avail(self) -> int:
        """Weight in the availability pool."""
        return self.stake_wei * self.score_bps * self.loyalty

    @property
    def work(self) -> int:
        """Weight in the work pool."""
        return self.fees_wei * self.loyalty

    @property
    def is_handed_on(self) -> bool:
        """Whether the delegators' part was shared out."""
        return self.delegated_e9 & HANDED_ON != 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What other contracts say about a provider when it is registered.

    Attributes:
        own_wei: own stake at the end of the epoch.
        counted_wei: delegated stake that counted then.
        age_s: age of the stake.
        commission_bps: the provider's part of its delegators' rewards.
        fees_wei: its fees that became final in the epoch.
        passed: canaries passed, of those ``drawn`` in the epoch.
        missed: audits that the epoch found it late with; each counts as a canary failed.
    """

    own_wei: int = 0
    counted_wei: int = 0
    age_s: int = 0
    commission_bps: int = 0
    fees_wei: int = 0
    passed: int = 0
    drawn: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Reward:
    """What a reward consists of, wei; ``delegated_wei``, handed on or not, is of ``avail_wei``."""

    work_wei: int = 0
    avail_wei: int = 0
    delegated_wei: int = 0


def loyalty_of(age_s: int, loyalty_bps: int) -> int:
    """Return L: 10,000 and up to ``loyalty_bps`` more for a stake of a year."""
    return BPS + loyalty_bps * min(age_s // EPOCH_S, LOYAL_EPOCHS) // LOYAL_EPOCHS


def score_bps(passed: int, due: int) -> int:
    """Return s: the part of an epoch's duties (canaries drawn, audits missed) that count for it."""
    return BPS * passed // due if due else 0


def weight_of(standing: Standing, loyalty_bps: int) -> Weight:
    """Return what a provider brings into an epoch."""
    stake_wei = standing.own_wei + standing.counted_wei
    delegated_e9 = 0
    if standing.counted_wei:
        theirs = standing.counted_wei * (BPS - standing.commission_bps)
        delegated_e9 = theirs * _E9 // (stake_wei * BPS)
    return Weight(
        min(standing.fees_wei, UINT96_MAX),
        min(stake_wei, UINT96_MAX),
        score_bps(standing.passed, standing.drawn + standing.missed),
        loyalty_of(standing.age_s, loyalty_bps),
        delegated_e9,
    )


def next_avail_bps(
    avail_bps: int, staked_wei: int, circulating_wei: int, params: Mapping[str, int]
) -> int:
    """Return the availability part of the next epoch: one step towards the staked part aimed at."""
    target, band = params["stakeTargetBps"], params["stakeBandBps"]
    if staked_wei * BPS < circulating_wei * (target - band):
        avail_bps += default_of("availStepBps")
    elif staked_wei * BPS > circulating_wei * (target + band):
        avail_bps -= default_of("availStepBps")
    return min(max(avail_bps, params["availFloorBps"]), params["availCeilBps"])


def reward_of(epoch: Epoch, weight: Weight, *, has_delegators: bool) -> Reward:
    """Return what a registered provider gets of an epoch."""
    work_wei = avail_wei = 0
    if weight.work:
        cap_wei = weight.fees_wei * epoch.cap_e8 // BPS**2
        work_wei = min(epoch.work_pool_wei * weight.work // epoch.work_sum, cap_wei)
    if weight.avail:
        avail_wei = epoch.avail_pool_wei * weight.avail // epoch.avail_sum
    theirs_e9 = weight.delegated_e9 & ~HANDED_ON if has_delegators or weight.is_handed_on else 0
    delegated_wei = avail_wei * theirs_e9 // _E9
    return Reward(work_wei, avail_wei, delegated_wei)


def split(amount_wei: int, liquid_bps: int) -> tuple[int, int]:
    """Return what is paid at once, and what vests."""
    liquid_wei = amount_wei * liquid_bps // BPS
    return liquid_wei, amount_wei - liquid_wei


@dataclass(slots=True)
class Emission:
    """The controller's books.

    Attributes:
        first_epoch: the first whole epoch after deployment.
        reserve_wei: R, promised to no epoch.
        reserved_wei: promised to epochs, not paid.
        delegated_wei: shared out among delegators, not taken by them.
        paid_wei: what left; the five sums always come to :data:`RESERVE_WEI`.
        owed_wei: what the vault has refused, by account.
        vault_refuses: whether it refuses deposits now.
    """

    first_epoch: int
    reserve_wei: int = RESERVE_WEI
    reserved_wei: int = 0
    delegated_wei: int = 0
    paid_wei: int = 0
    avail_bps: int = default_of("availGenesisBps")
    baseline_wei: int = default_of("baselineGenesisWei")
    last_epoch: int = 0
    epochs: dict[int, Epoch] = field(default_factory=dict)
    weights: dict[tuple[int, str], Weight] = field(default_factory=dict)
    owed_wei: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    vault_refuses: bool = False

    def circulating_wei(self, supply_wei: int, excluded_wei: int) -> int:
        """Return the supply outside of the controller and the excluded addresses."""
        return max(0, supply_wei - (RESERVE_WEI - self.paid_wei) - excluded_wei)

    def roll(
        self,
        present: int,
        word: int,
        *,
        fees_wei: int,
        sink_bps: int,
        staked_wei: int,
        circulating_wei: int,
    ) -> None:
        """Fix the pools of the epoch before ``present``.

        Args:
            present: the present epoch.
            word: the packed parameter word ``emission``.
            fees_wei: fees of all providers that became final in the epoch.
            sink_bps: what they lost to burn, treasury and insurance.
            staked_wei: own and delegated stake of all.
            circulating_wei: see :meth:`circulating_wei`.
        """
        epoch = present - 1
        if self.last_epoch == epoch:
            raise TwinRevert("EmissionController__AlreadyRolled", epoch)
        first = self.first_epoch
        if epoch < first:
            raise TwinRevert("EmissionController__EpochNotOver", first, (first + 1) * EPOCH_S)
        params = unpack("emission", word)
        budget_wei = self.reserve_wei * params["rhoWad"] // _WAD
        avail_wei = budget_wei * self.avail_bps // BPS
        counted_wei = min(fees_wei, self.baseline_wei)
        work_wei = (budget_wei - avail_wei) * counted_wei // self.baseline_wei
        self.epochs[epoch] = Epoch(
            avail_pool_wei=avail_wei,
            work_pool_wei=work_wei,
            cap_e8=sink_bps * params["washCapBps"],
            liquid_bps=params["emissionLiquidBps"],
            loyalty_bps=params["loyaltyBps"],
            left_wei=avail_wei + work_wei,
        )
        self.reserve_wei -= avail_wei + work_wei
        self.reserved_wei += avail_wei + work_wei
        self.avail_bps = next_avail_bps(self.avail_bps, staked_wei, circulating_wei, params)
        self.baseline_wei += self.baseline_wei * params["baselineGrowthBps"] // BPS
        self.last_epoch = epoch

    def register(self, present: int, provider: str, standing: Standing) -> None:
        """Enter a provider's weights for the epoch before ``present``, which is rolled."""
        epoch = present - 1
        old = self.weights.get((epoch, provider), Weight())
        found = weight_of(standing, self.epochs[epoch].loyalty_bps)
        if not found.fees_wei and not found.stake_wei * found.score_bps:
            raise TwinRevert("EmissionController__NoWeight", provider, epoch)
        if old.loyalty:
            if found.score_bps <= old.score_bps and found.loyalty <= old.loyalty:
                raise TwinRevert("EmissionController__AlreadyRegistered", provider, epoch)
            score_bps = max(found.score_bps, old.score_bps)
            found = replace(old, score_bps=score_bps, loyalty=max(found.loyalty, old.loyalty))
        self.weights[epoch, provider] = found
        self.epochs[epoch] = replace(
            self.epochs[epoch],
            avail_sum=self.epochs[epoch].avail_sum + found.avail - old.avail,
            work_sum=self.epochs[epoch].work_sum + found.work - old.work,
        )

    def claim(
        self, present: int, provider: str, epoch: int, *, has_delegators: bool
    ) -> tuple[int, int]:
        """Pay a provider's reward; return what is liquid and what vests, wei."""
        weight, found = self._payable(present, provider, epoch), self.epochs[epoch]
        reward = reward_of(found, weight, has_delegators=has_delegators)
        amount_wei = reward.work_wei + reward.avail_wei - reward.delegated_wei
        del self.weights[epoch, provider]
        self._take(epoch, amount_wei, 0 if weight.is_handed_on else reward.delegated_wei)
        return self._leave(provider, amount_wei, found.liquid_bps)

    def hand_on(self, present: int, provider: str, epoch: int, *, has_delegators: bool) -> int:
        """Share out only the delegators' part of a provider's reward; return it, wei."""
        weight = self._payable(present, provider, epoch)
        reward = reward_of(self.epochs[epoch], weight, has_delegators=has_delegators)
        if weight.is_handed_on or not reward.delegated_wei:
            raise TwinRevert("EmissionController__NothingToHandOn", provider, epoch)
        handed_on = replace(weight, delegated_e9=weight.delegated_e9 | HANDED_ON)
        self.weights[epoch, provider] = handed_on
        self._take(epoch, 0, reward.delegated_wei)
        return reward.delegated_wei

    def claim_delegated(
        self, provider: str, delegator: str, amount_wei: int, word: int
    ) -> tuple[int, int]:
        """Pay a delegator what the stakes say is its; return what is liquid and what vests."""
        if not amount_wei:
            raise TwinRevert("EmissionController__NothingDelegated", provider, delegator)
        self.delegated_wei -= amount_wei
        liquid_bps = unpack("emission", word)["emissionLiquidBps"]
        return self._leave(delegator, amount_wei, liquid_bps)

    def vest(self, account: str) -> int:
        """Deposit what the vault has refused; return it, wei.

        Raises:
            TwinRevert: ``NothingToVest``, or the vault's while it refuses.
        """
        amount_wei = self.owed_wei[account]
        if not amount_wei:
            raise TwinRevert("EmissionController__NothingToVest", account)
        if self.vault_refuses:
            raise TwinRevert("Refused")
        self.owed_wei[account] = 0
        self.paid_wei += amount_wei
        return amount_wei

    def expire(self, present: int, epoch: int) -> int:
        """Return to the reserve what nobody claimed of an epoch; return how much."""
        last = epoch + CLAIM_LAST
        if present <= last:
            raise TwinRevert("EmissionController__EpochNotOver", last, (last + 1) * EPOCH_S)
        found = self.epochs.get(epoch, Epoch())
        if not found.left_wei:
            raise TwinRevert("EmissionController__NothingToExpire", epoch)
        self.epochs[epoch] = replace(found, left_wei=0)
        self.reserved_wei -= found.left_wei
        self.reserve_wei += found.left_wei
        return found.left_wei

    def _payable(self, present: int, provider: str, epoch: int) -> Weight:
        """Return the weight of a provider in an epoch that can be paid."""
        if present < epoch + CLAIM_FIRST:
            name, last = "EmissionController__EpochNotOver", epoch + CLAIM_FIRST - 1
            raise TwinRevert(name, last, (last + 1) * EPOCH_S)
        if present > epoch + CLAIM_LAST:
            ended_at_s = (epoch + CLAIM_LAST + 1) * EPOCH_S
            raise TwinRevert("EmissionController__ClaimExpired", epoch, ended_at_s)
        weight = self.weights.get((epoch, provider))
        if weight is None:
            raise TwinRevert("EmissionController__NotRegistered", provider, epoch)
        return weight

    def _take(self, epoch: int, leaving_wei: int, handed_on_wei: int) -> None:
        found, sum_wei = self.epochs[epoch], leaving_wei + handed_on_wei
        self.epochs[epoch] = replace(found, left_wei=found.left_wei - sum_wei)
        self.reserved_wei -= sum_wei
        self.delegated_wei += handed_on_wei

    def _leave(self, account: str, amount_wei: int, liquid_bps: int) -> tuple[int, int]:
        liquid_wei, vested_wei = split(amount_wei, liquid_bps)
        kept_wei = vested_wei if self.vault_refuses else 0
        self.owed_wei[account] += kept_wei
        self.paid_wei += amount_wei - kept_wei
        return liquid_wei, vested_wei
