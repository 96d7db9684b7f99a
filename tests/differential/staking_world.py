"""StakeManager, JobMarket and VotingPower in a bare EVM, amid surroundings that a test sets.

Every call goes to the contracts and to the twin. Refusals are compared by name and values, state to
the wei, and the bookkeeper that knows events alone has to come to the same balances. The test plays
market, courts, channels, vault and timelock by calling in their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from tests.differential.evm_engines import Log
from tests.differential.plain_evm import Contract, PlainEvm, account
from tests.differential.staking_checks import CAP_WEI, event_values, events_of

from neurovoyance.chain.deploy import create_address
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.books import Books
from neurovoyance.tokenomics.entries import JobEntry
from neurovoyance.tokenomics.params import pack
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.stake_manager import StakeManager, Verdict
from neurovoyance.tokenomics.stakes import EPOCH_S
from neurovoyance.tokenomics.staking import SlashRates

NVY = 10**18
START_S = 2_977 * EPOCH_S + 5
HOLDERS = [account(number) for number in range(1, 6)]
PROVIDERS = HOLDERS[:2]
DELEGATORS = HOLDERS[1:]
OPERATOR, CLIENT, FINDER, STRANGER = (account(number) for number in range(21, 25))
AUDIT_COURT, DISPUTE_COURT, CHANNELS = (account(number) for number in range(31, 34))
EMISSION, TIMELOCK, INSURANCE = (account(number) for number in range(34, 37))
SOURCES = {
    "StakeManager": "contracts/staking/StakeManager.sol",
    "JobMarket": "contracts/market/JobMarket.sol",
    "VotingPower": "contracts/governance/VotingPower.sol",
    "StakeNeighbours": "tests/contracts/mocks/StakeNeighbours.sol",
}


class StakingWorld:
    """Both sides, and the bookkeeper.

    Attributes:
        seen: successes and refusals, by function and error.
        locks: live locks of the market, by lock id: owner and wei.
        slashes: ids of booked slashes, in order.
    """

    def __init__(self) -> None:
        self.holders, self.providers = HOLDERS, PROVIDERS
        self.evm = PlainEvm(START_S)
        self.token = self.evm.deploy_token([*HOLDERS, CLIENT], [CAP_WEI // 10] * 5 + [CAP_WEI // 2])
        future = {
            name: create_address(account(0), number + 1) for number, name in enumerate(SOURCES)
        }
        vault = params = future["StakeNeighbours"]
        economy = (params, ZERO_ADDRESS, CHANNELS, vault, future["VotingPower"], EMISSION)
        token, stakes, market = self.token.address, future["StakeManager"], future["JobMarket"]
        courts = (AUDIT_COURT, DISPUTE_COURT, economy)
        self.stakes = self._place("StakeManager", (token, market, INSURANCE, *courts), future)
        self.market = self._place("JobMarket", (token, stakes, ZERO_ADDRESS, *courts), future)
        self.votes = self._place("VotingPower", (stakes, vault), future)
        self.neighbours = self._place("StakeNeighbours", (token, TIMELOCK), future)
        self.token.send(CLIENT, "transfer", self.neighbours.address, CAP_WEI // 10)
        for holder in HOLDERS:
            self.token.send(holder, "approve", self.stakes.address, 2**256 - 1)
        self.twin = StakeManager(has_params=True, has_vault=True, has_votes=True)
        self.books = Books()
        for provider in PROVIDERS:
            self.stakes.send(provider, "register", OPERATOR, "")
            self.twin.registered.add(provider)
        self.events = events_of(
            *((SOURCES[name], name) for name in ("StakeManager", "StakeNeighbours"))
        )
        self.seen: Counter[str] = Counter()
        self.locks: dict[bytes, tuple[str, int]] = {}
        self.slashes: list[bytes] = []
        self.unvested = dict.fromkeys(PROVIDERS, 0)
        self.refuses = False
        self.ids = 0
        self.touched: set[Any] = set()

    def _place(self, name: str, args: tuple[Any, ...], future: Mapping[str, str]) -> Contract:
        contract = self.evm.deploy(SOURCES[name], name, args)
        assert contract.address == future[name], name
        return contract

    @property
    def now_s(self) -> int:
        return self.evm.now_s

    def new_id(self) -> bytes:
        """Return an id that was not used before."""
        self.ids += 1
        return self.ids.to_bytes(32, "big")

    def set_values(self, **values: int) -> None:
        """Let parameters change, for the contracts, the twin and the bookkeeper."""
        self.twin.values.update(values)
        for number, name in enumerate(("hiring", "slashing")):
            self.neighbours.send(TIMELOCK, "setWord", number, pack(name, self.twin.values))
        self.books.rates = SlashRates.of(self.twin.values)

    # --- both sides ---

    def both(
        self, act: Callable[[], Any], sender: str, function: str, *args: Any
    ) -> tuple[bool, Any]:
        """Call the contract and do ``act`` on the twin; say whether both granted it."""
        answer = self.stakes.send(sender, function, *args)
        logs = self.evm.logs
        self.touched |= {who for who in (sender, *args) if who in HOLDERS}
        try:
            expected = act()
        except TwinRevert as refused:
            assert answer.refusal == (refused.name, refused.values), (function, args, answer)
            self.seen[refused.name] += 1
            return False, refused.name
        assert answer.refusal is None, (function, args, answer, expected)
        self.seen[function] += 1
        self._book(logs)
        return True, (answer.values, expected)

    def _book(self, entries: tuple[Log, ...]) -> None:
        for _, topics, data in entries:
            entry = self.events.get(topics[0])
            if entry is not None:
                values = event_values(entry, topics[1:], data)
                self.books.apply(entry["name"], SimpleNamespace(**values))

    # --- own stake ---

    def stake(self, provider: str, amount_wei: int) -> None:
        self.both(
            lambda: self.twin.stake(provider, amount_wei, self.now_s),
            provider,
            "stake",
            amount_wei,
        )

    def request_unbonding(self, provider: str, amount_wei: int) -> None:
        self.both(
            lambda: self.twin.request_unbonding(provider, amount_wei, self.now_s),
            provider,
            "requestUnbonding",
            amount_wei,
        )

    def withdraw_unbonded(self, provider: str) -> None:
        self._same(
            lambda: self.twin.withdraw_unbonded(provider, self.now_s), provider, "withdrawUnbonded"
        )

    def _same(self, act: Callable[[], Any], sender: str, function: str, *args: Any) -> bool:
        """Do both; what the contract returns has to be what the twin does."""
        is_granted, found = self.both(act, sender, function, *args)
        if is_granted:
            (value,), expected = found
            assert value == expected, function
        return is_granted

    def lock(self, provider: str, amount_wei: int, caller: str) -> None:
        lock_id = self.new_id()
        by_market = caller == self.market.address
        is_granted, _ = self.both(
            lambda: self.twin.lock(provider, amount_wei, by_market=by_market),
            caller,
            "lock",
            provider,
            lock_id,
            amount_wei,
        )
        if is_granted:
            self.locks[lock_id] = (provider, amount_wei)

    def unlock(self, lock_id: bytes, caller: str) -> None:
        provider, amount_wei = self.locks.pop(lock_id)
        args = (provider, lock_id, amount_wei)
        self.both(lambda: self.twin.unlock(provider, amount_wei), caller, "unlock", *args)

    def scale_age(self, provider: str, kept: int, whole: int) -> None:
        self.both(
            lambda: self.twin.scale_age(provider, kept, whole, self.now_s),
            self.neighbours.address,
            "scaleAge",
            *(provider, kept, whole),
        )

    # --- delegation ---

    def delegate(self, provider: str, delegator: str, amount_wei: int) -> None:
        self.both(
            lambda: self.twin.delegate(provider, delegator, amount_wei, self.now_s),
            delegator,
            "delegate",
            *(provider, amount_wei),
        )

    def request_undelegation(self, provider: str, delegator: str, shares: int) -> None:
        self.both(
            lambda: self.twin.request_undelegation(provider, delegator, shares, self.now_s),
            delegator,
            "requestUndelegation",
            *(provider, shares),
        )

    def withdraw_undelegated(self, provider: str, delegator: str) -> None:
        self._same(
            lambda: self.twin.withdraw_undelegated(provider, delegator, self.now_s),
            delegator,
            "withdrawUndelegated",
            provider,
        )

    def set_commission(self, provider: str, bps: int) -> None:
        act = self.twin.set_commission
        self.both(lambda: act(provider, bps, self.now_s), provider, "setCommission", bps)

    def sync_votes(self, provider: str, delegator: str) -> None:
        act = self.twin.sync_votes
        self.both(lambda: act(provider, delegator), STRANGER, "syncVotes", provider, delegator)

    def notify_reward(self, provider: str, amount_wei: int) -> None:
        act = self.twin.notify_reward
        args = (provider, amount_wei)
        self.both(lambda: act(*args), EMISSION, "notifyReward", *args)

    def take_reward(self, provider: str, delegator: str) -> None:
        args = (provider, delegator)
        self._same(lambda: self.twin.take_reward(*args), EMISSION, "takeReward", *args)

    # --- slashes ---

    def _job(self, provider: str, lock_wei: int, price_wei: int, ended_in: JobState) -> bytes:
        """Let the bookkeeper know a job that ended."""
        job_id = self.new_id()
        self.books.jobs[job_id] = JobEntry(
            CLIENT, price_wei, 0, provider=provider, agreed_lock_wei=lock_wei, ended_in=ended_in
        )
        return job_id

    def slash_timeout(self, lock_id: bytes, price_wei: int, *, full: bool) -> None:
        provider, lock_wei = self.locks.pop(lock_id)
        ended_in = JobState.PROVIDER_REVEAL_TIMEOUT if full else JobState.PROVIDER_COMMIT_TIMEOUT
        entry = JobEntry(CLIENT, price_wei, 0, provider=provider, ended_in=ended_in)
        self.books.jobs[lock_id] = entry
        _, found = self.both(
            lambda: self.twin.slash_timeout(provider, lock_wei, price_wei, self.now_s, full=full),
            self.market.address,
            "slashTimeout",
            *(provider, lock_id, lock_wei, price_wei, full),
        )
        assert found[0] == (found[1].to_client_wei,)

    def slash_lock(self, lock_id: bytes, taken_wei: int) -> None:
        provider, lock_wei = self.locks[lock_id]
        is_granted, _ = self.both(
            lambda: self.twin.slash_lock(provider, lock_wei, taken_wei, self.now_s),
            AUDIT_COURT,
            "slashLock",
            *(provider, lock_id, lock_wei, taken_wei),
        )
        if is_granted:
            del self.locks[lock_id]

    def slash_free(self, provider: str, amount_wei: int) -> None:
        self._same(
            lambda: self.twin.slash_free(provider, amount_wei, self.now_s),
            DISPUTE_COURT,
            "slashFree",
            *(provider, self.new_id(), amount_wei),
        )

    def book_slash(self, lock_id: bytes, price_wei: int, **facts: Any) -> None:
        """Book a verdict about the job of a live lock, or (late) of one that was freed."""
        provider, lock_wei = self.locks[lock_id]
        is_late = bool(facts["is_late"])
        ended_in = JobState.SETTLED if is_late else JobState.REJECTED
        slash_id = facts.get("slash_id") or self.new_id()
        job_id = self._job(provider, lock_wei, price_wei, ended_in)
        if not is_late:
            self.books.jobs[lock_id] = self.books.jobs.pop(job_id)
            job_id = lock_id
        verdict = Verdict(
            slash_id,
            job_id,
            provider,
            lock_wei,
            0,
            price_wei,
            CLIENT,
            facts["finder"],
            bool(facts["is_forgery"]),
            is_late,
        )
        money = (provider, lock_wei, 0, price_wei, CLIENT, verdict.finder)
        values = (slash_id, job_id, *money, verdict.is_forgery, is_late)
        court = facts.get("court", AUDIT_COURT)
        is_granted, _ = self.both(
            lambda: self.twin.book_slash(verdict, self.now_s), court, "bookSlash", values
        )
        if is_granted:
            self.slashes.append(slash_id)
            if not is_late:
                del self.locks[lock_id]

    def reduce_slash(self, slash_id: bytes, amount_wei: int) -> None:
        act = self.twin.reduce_slash
        args = (slash_id, amount_wei)
        self.both(lambda: act(*args, self.now_s), TIMELOCK, "reduceSlash", *args)

    def finalize_slash(self, slash_id: bytes) -> None:
        def act() -> Any:
            slash = self.twin.held.get(slash_id)
            bps = slash.vest_bps if slash else 0
            provider = slash.verdict.provider if slash else PROVIDERS[0]
            given_wei = None if self.refuses else self.unvested[provider] * bps // 10_000
            split = self.twin.finalize_slash(slash_id, self.now_s, given_wei)
            self.unvested[provider] -= given_wei or 0
            return split

        self.both(act, STRANGER, "finalizeSlash", slash_id)

    def slash_vesting(self, slash_id: bytes) -> None:
        def act() -> Any:
            slash = self.twin.held.get(slash_id)
            provider = slash.verdict.provider if slash else PROVIDERS[0]
            given_wei = self.unvested[provider] * slash.vest_bps // 10_000 if slash else 0
            split = self.twin.slash_vesting(slash_id, given_wei)
            self.unvested[provider] -= given_wei
            return split

        if not self.refuses:
            self.both(act, STRANGER, "slashVesting", slash_id)

    def collect_insurance(self) -> None:
        self._same(self.twin.collect_insurance, INSURANCE, "collectInsurance")

    # --- surroundings ---

    def set_unvested(self, provider: str, amount_wei: int) -> None:
        self.unvested[provider] = amount_wei
        self.neighbours.send(TIMELOCK, "setUnvested", provider, amount_wei)

    def set_refuses(self, refuses: bool) -> None:
        self.refuses = refuses
        self.neighbours.send(TIMELOCK, "setRefuses", refuses)
