"""Money of the whole economy: what everybody may do with it, what must hold, and the way out.

Place: over ``whole_jobs``, under ``test_whole_economy``. Nothing is mirrored here: what contracts
hold is asked of the token, what they owe of each contract, party by party. Never: a call of the
deployer's that others could not make, but for its funds at genesis.
"""

from __future__ import annotations

from tests.differential.evm_engines import CHAIN_ID
from tests.differential.genesis_evm import POOL
from tests.differential.whole_jobs import (
    CLIENTS,
    DELEGATORS,
    NVY,
    OWNERS,
    SEATS,
    STRANGER,
    WholeJobs,
)

from neurovoyance.chain.market import JobRecord
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.vouchers import Voucher, sign_voucher
from neurovoyance.tokenomics.emission import EPOCH_S, RESERVE_WEI
from neurovoyance.tokenomics.params import PARAMETERS, default_of

CAP_WEI = 10**27
HOLDERS = OWNERS + DELEGATORS
SIDES = 12
DAY_S = 86_400
DUST_WEI = 10**11
"""Of shares of pools and of penalties, which round down."""
_DRAWN = 16  # of a job's flags


class WholeEconomy(WholeJobs):
    """Everything that is not a job.

    Attributes:
        channels: ids, with client and payee.
        promised_wei: by channel, what its vouchers have come to.
        values: parameters as votes set them.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.channels: dict[bytes, tuple[int, str]] = {}
        self.promised_wei: dict[bytes, int] = {}
        self.contracts = sorted(set(self.evm.at.values()))
        self.values = {key: p.default for key, p in PARAMETERS.items()}
        self.verdicts = 0

    def wei(self, most: int) -> int:
        return self.rng.choice(
            [1, self.rng.randrange(1, most + 1), self.rng.randrange(1, most + 1)]
        )

    def present(self) -> int:
        return self.evm.now_s // EPOCH_S

    # --- clients, stakes, delegation ---

    def bank(self) -> None:
        function = self.rng.choice(["deposit", "withdraw"])
        self.send(self.pick(CLIENTS), "market", function, self.wei(5_000 * NVY))

    def stakes(self) -> None:
        who, amount_wei = self.pick(OWNERS), self.wei(2_000 * NVY)
        way = self.rng.choice(["stake", "stake", "unbond", "unbond", "unbond", "commission"])
        if way == "commission":
            self.send(who, "stake_manager", "setCommission", self.rng.randrange(3_000))
        elif way == "stake":
            self.send(who, "stake_manager", way, amount_wei)
        elif self.evm.ask("stake_manager", "stakeOf", who)[3]:  # another request begins anew
            self.send(who, "stake_manager", "withdrawUnbonded")
        else:
            self.send(who, "stake_manager", "requestUnbonding", amount_wei)

    def delegation(self) -> None:
        who, provider = self.pick(DELEGATORS + OWNERS), self.pick(OWNERS)
        way = self.rng.choice(["delegate", "delegate", "out", "withdrawUndelegated"])
        if way == "delegate":
            self.send(who, "stake_manager", way, provider, self.wei(20_000 * NVY))
        elif way == "out":
            shares = self.evm.ask("stake_manager", "delegationOf", provider, who)[0]
            part = self.rng.randrange(shares + 1)
            self.send(who, "stake_manager", "requestUndelegation", provider, part)
        else:
            self.send(who, "stake_manager", way, provider)
            self.send(STRANGER, "stake_manager", "syncVotes", provider, who)

    def slash(self) -> None:
        """Let a court book a verdict, a vote lower it, anybody end it."""
        waiting = [i for i in self.slashes if self.evm.ask("stake_manager", "heldSlashOf", i)[1]]
        if waiting and self.rng.random() < 0.7:
            slash_id = self.rng.choice(waiting)
            held_wei, ready_at_s = self.evm.ask("stake_manager", "heldSlashOf", slash_id)[1:]
            if self.rng.random() < 0.2:
                sender, amount_wei = self.evm.at["standard_timelock"], self.rng.randrange(held_wei)
                self.send(sender, "stake_manager", "reduceSlash", slash_id, amount_wei)
            elif self.evm.now_s >= ready_at_s:
                self.send(STRANGER, "stake_manager", "finalizeSlash", slash_id)
                self.send(STRANGER, "insurance_fund", "payVerdict", slash_id)
            return
        self.verdicts += 1
        provider, finder = self.pick(OWNERS), self.pick(OWNERS)
        is_forged, slash_id = self.rng.random() < 0.1, self.verdicts.to_bytes(32, "big")
        verdict = (
            slash_id, slash_id, provider, 0, 0, 5 * NVY, self.pick(CLIENTS), finder, is_forged,
            True,
        )  # fmt: skip
        court = self.evm.at[self.rng.choice(["audit_court", "dispute_court"])]
        self.send(court, "stake_manager", "bookSlash", verdict)

    # --- fees, vesting, emission ---

    def fees(self) -> None:
        if self.rng.random() < 0.3:
            self.send(STRANGER, "fee_router", "sweep")
        else:
            who = self.pick(OWNERS)
            self.send(who, "fee_router", "harvest", who)

    def vesting(self) -> None:
        who = self.pick(HOLDERS)
        way = self.rng.choice(["release", "requestExit", "executeExit"])
        if way == "release":
            self.send(who, "vault", way, who)
            return
        self.send(who, "vault", "requestExit", self.wei(1_000 * NVY))
        if way == "executeExit":
            self._go_on()
            self.evm.warp(DAY_S)
            self.send(who, "vault", way, 10_000)

    def emission(self) -> None:
        who, way = self.pick(OWNERS), self.rng.choice([0, 1, 2, 3, 3, 4, 5])
        payable = range(self.present() - 9, self.present() - 1)
        registered = [e for e in payable if self.evm.ask("emission", "weightOf", who, e)[3]]
        epoch = self.rng.choice(registered or list(payable))
        if way == 0:
            self.send(STRANGER, "emission", "roll")
        elif way == 1:
            self.send(STRANGER, "emission", "register", who)
        elif way == 2:
            self.send(who, "emission", "claim", who, epoch)
        elif way == 3:
            self.send(STRANGER, "emission", "handOn", who, epoch)
        elif way == 4:
            self.send(self.pick(HOLDERS), "emission", "claimDelegated", who)
        else:
            self.send(STRANGER, "emission", "expire", self.present() - self.rng.randrange(10, 13))

    def week(self) -> None:
        """Let the week end and everybody register."""
        self._go_on()
        self.evm.warp(EPOCH_S - self.evm.now_s % EPOCH_S + 9)
        for owner in OWNERS:
            self.send(STRANGER, "emission", "register", self.parties[owner])

    def wait(self) -> None:
        self._go_on()
        self.evm.warp(self.rng.choice([60, 700, 3_600, DAY_S]))

    def _go_on(self) -> None:
        """Do most of what would be late afterwards."""
        self.canary()
        self.score()
        for _ in range(6 * len(self.live)):
            if self.live:
                self.work_on(is_diligent=True)

    # --- channels ---

    def channel(self) -> None:
        way = self.rng.choice(["open", "redeem", "redeem", "redeem", "settle", "topUp", "end"])
        if way == "open" or not self.channels:
            return self._open_channel()
        channel_id = self.rng.choice(list(self.channels)[-SIDES:])
        client, payee = self.channels[channel_id]
        if way == "redeem":
            self._redeem(channel_id, client, payee)
        elif way == "settle":
            self.evm.warp(1_801)
            self.send(STRANGER, "channels", "settle", channel_id, payee)
        elif way == "topUp":
            self.send(client, "channels", "topUp", channel_id, [(payee, self.wei(50 * NVY), 5)])
        else:
            self.send(client, "channels", "requestClose", channel_id)
            self.send(client, "channels", "reclaim", channel_id, [payee])
        return None

    def _open_channel(self) -> None:
        self.salt += 1
        client, payee, salt = (
            self.rng.choice(CLIENTS),
            self.pick(OWNERS),
            self.salt.to_bytes(32, "big"),
        )
        done = self.send(client, "channels", "open", salt, [(payee, self.wei(500 * NVY), 5)])
        if not done.refusal:
            channel_id = self.evm.ask("channels", "channelIdOf", self.parties[client], salt)
            self.channels[channel_id], self.promised_wei[channel_id] = (client, payee), 0

    def _redeem(self, channel_id: bytes, client: int, payee: str) -> None:
        self.promised_wei[channel_id] += self.wei(20 * NVY)
        voucher = Voucher(
            channel_id=channel_id,
            payee=Address(payee),
            cumulative_wei=self.promised_wei[channel_id],
            receipts_root=bytes(32),
            max_leaf_wei=NVY,
            expiry_s=self.evm.now_s + 99,
        )
        account, channels = self.evm.accounts[client], self.evm.at["channels"]
        signature = sign_voucher(voucher, account, chain_id=CHAIN_ID, channels=channels)
        self.send(payee, "channels", "redeem", voucher.as_abi(), signature)

    # --- votes and funds ---

    def vote(self) -> None:
        """What a vote decided: a parameter moves by at most a step, or somebody is paid."""
        is_constitutional = self.rng.random() < 0.5
        timelock = self.evm.at[
            "constitutional_timelock" if is_constitutional else "standard_timelock"
        ]
        way = self.rng.randrange(4)
        if way == 0:
            fund = "insurance_fund" if is_constitutional else "treasury"
            to = self.parties[STRANGER]
            self.send(timelock, fund, "pay", to, self.wei(500_000 * NVY), "whole economy")
            return
        key = self.rng.choice([key for key, p in PARAMETERS.items() if p.word])
        parameter = PARAMETERS[key]
        moved = self.values[key] + self.rng.choice([-1, 1]) * parameter.step
        value = min(max(moved, parameter.min), parameter.max)
        done = self.send(timelock, "params", "set", key.encode().ljust(32, b"\0"), value)
        if not done.refusal:
            self.values[key] = value

    def funds(self) -> None:
        way = self.rng.choice(["collect", "collectGrant", "topUpPool"])
        if way == "collectGrant":
            self.send(STRANGER, "treasury", way, self.evm.at["treasury_grant"])
        else:
            self.send(STRANGER, "insurance_fund", way)

    # --- what must hold ---

    def balance(self, name: str) -> int:
        return int(self.evm.ask("token", "balanceOf", self.evm.at[name]))

    def sum_of(self, name: str, view: str, accounts: list[str]) -> int:
        return sum(int(self.evm.ask(name, view, account)) for account in accounts)

    def check(self) -> None:
        """Hold every contract to what it owes, and all of them to the supply."""
        ask, everybody = self.evm.ask, self.parties + self.contracts
        assert self.sum_of("token", "balanceOf", everybody) == ask("token", "totalSupply")
        self._check_market(everybody)
        self._check_stakes()
        held_wei = self.sum_of("vault", "heldOf", self.parties)
        assert held_wei == ask("vault", "totalHeld"), "the vault's accounts"
        assert self.balance("vault") == held_wei + ask("vault", "undistributed")
        views = ("reserveWei", "reservedWei", "delegatedWei", "vestingOwedWei")
        left_wei = sum(ask("emission", view) for view in views)
        assert self.balance("emission") == left_wei == RESERVE_WEI - ask("emission", "paidWei")
        waits_wei = sum(ask("fee_router", "pots"))
        waits_wei += self.sum_of("fee_router", "unharvestedOf", self.parties)
        waits_wei += self.sum_of("fee_router", "vestingOwedOf", self.parties)
        assert ask("market", "freeOf", self.evm.at["fee_router"]) == waits_wei
        for fund in ("treasury", "insurance_fund"):
            assert self.balance(fund) == ask(fund, "holdings"), fund
        for name in ("fee_router", "channels", "canaries", "audit_court", "dispute_court"):
            assert self.balance(name) == 0, name

    def _check_market(self, everybody: list[str]) -> None:
        owed_wei = self.sum_of("market", "freeOf", everybody)
        owed_wei += self.sum_of("market", "earnedOf", everybody)
        for work in self.live.values():
            record = JobRecord(*self.evm.ask("market", "job", work.job_id))
            if JobState(record.state).is_warm or JobState(record.state) is JobState.ACCEPTED:
                # A drawn audit took what was held into the pool.
                owed_wei += record.price_wei + (0 if record.flags & _DRAWN else record.held_wei)
        assert self.balance("market") == owed_wei, "free, earned and escrow"
        reserve_wei = 0
        for channel_id, (_, payee) in self.channels.items():
            side = self.evm.ask("channels", "sideOf", channel_id, payee)
            waits = self.evm.ask("channels", "redemptionOf", channel_id, payee)
            reserve_wei += side[0] - side[1] + waits[0] + waits[1]
        assert self.evm.ask("market", "freeOf", self.evm.at["channels"]) == reserve_wei

    def _check_stakes(self) -> None:
        ask = self.evm.ask
        owed_wei = ask("stake_manager", "heldWei") + ask("stake_manager", "insuranceWei")
        for owner in OWNERS:
            who = self.parties[owner]
            own_wei, locked_wei, _, unbonding_wei, _ = ask("stake_manager", "stakeOf", who)
            assert locked_wei <= own_wei
            owed_wei += own_wei + unbonding_wei
            owed_wei += ask("stake_manager", "poolStakeOf", who)[0]
            owed_wei += ask("stake_manager", "undelegatingOf", who)[0]
        assert self.balance("stake_manager") == owed_wei, (
            "own, pools, unbonding, slashes, insurance"
        )
        held_wei = sum(ask("stake_manager", "heldSlashOf", one)[1] for one in self.slashes)
        assert ask("stake_manager", "heldWei") == held_wei

    # --- the way out ---

    def everybody_leaves(self) -> None:
        """End all that can end and let every party take out its own."""
        self._end_jobs()
        self._end_channels()
        for slash_id in self.slashes:
            self.evm.warp(
                max(0, self.evm.ask("stake_manager", "heldSlashOf", slash_id)[2] - self.evm.now_s)
            )
            self.send(STRANGER, "stake_manager", "finalizeSlash", slash_id)
        for owner in OWNERS:
            who = self.parties[owner]
            if self.evm.ask("fee_router", "unharvestedOf", who):
                self.evm.must(who, "fee_router", "harvest", who)
        self._end_emission()
        self._end_stakes()
        self.evm.warp(27 * EPOCH_S)
        for who in self.parties:
            if self.evm.ask("vault", "releasableOf", who):
                self.evm.must(who, "vault", "release", who)
        self.send(STRANGER, "fee_router", "sweep")
        self.send(STRANGER, "insurance_fund", "collect")
        for who in self.parties:
            if self.evm.ask("market", "earnedOf", who):
                self.evm.must(who, "market", "harvest", who)
            if free_wei := self.evm.ask("market", "freeOf", who):
                self.evm.must(who, "market", "withdraw", free_wei)

    def _end_jobs(self) -> None:
        for _ in range(60 * len(self.live)):
            if not self.live:
                break
            self.work_on(is_diligent=True)
        assert not self.live, "every job ends"
        for work in self.audited:
            assert work.facts is not None
            self.send(STRANGER, "audit_court", "closeVotes", work.facts.as_abi(), 0)

    def _end_channels(self) -> None:
        for channel_id, (client, _) in self.channels.items():
            self.send(client, "channels", "requestClose", channel_id)
        self.evm.warp(30 * DAY_S)
        for channel_id, (client, payee) in self.channels.items():
            self.send(STRANGER, "channels", "settle", channel_id, payee)
            self.send(client, "channels", "reclaim", channel_id, [payee])
        assert self.evm.ask("market", "freeOf", self.evm.at["channels"]) == 0

    def _end_emission(self) -> None:
        """Hand on and claim what can be claimed, let the rest expire."""
        present = self.present()
        for who in (self.parties[owner] for owner in OWNERS):
            for epoch in range(present - 9, present - 1):
                self.send(STRANGER, "emission", "handOn", who, epoch)
                self.send(who, "emission", "claim", who, epoch)
            for holder in HOLDERS:
                self.send(holder, "emission", "claimDelegated", who)
        last = self.evm.ask("emission", "lastEpoch")
        self.evm.warp(10 * EPOCH_S)
        for epoch in range(last - 60, last + 1):
            self.send(STRANGER, "emission", "expire", epoch)
        assert self.evm.ask("emission", "reservedWei") == 0
        assert self.evm.ask("emission", "delegatedWei") < DUST_WEI

    def _end_stakes(self) -> None:
        evm = self.evm
        for who in (self.parties[holder] for holder in HOLDERS):
            for provider in (self.parties[owner] for owner in OWNERS):
                shares = evm.ask("stake_manager", "delegationOf", provider, who)[0]
                if shares:
                    evm.must(who, "stake_manager", "requestUndelegation", provider, shares)
        for number, who in enumerate(self.parties[owner] for owner in OWNERS):
            seats = list(range(number * SEATS, (number + 1) * SEATS))
            evm.must(who, "stake_manager", "leaveSeats", POOL, seats)
            own_wei, locked_wei = evm.ask("stake_manager", "stakeOf", who)[:2]
            assert locked_wei == 0, "no live jobs, no locks"
            if own_wei:
                evm.must(who, "stake_manager", "requestUnbonding", own_wei)
        evm.warp(default_of("unbondingS") + 1)
        for who in (self.parties[holder] for holder in HOLDERS):
            for provider in (self.parties[owner] for owner in OWNERS):
                if evm.ask("stake_manager", "delegationOf", provider, who)[2]:
                    evm.must(who, "stake_manager", "withdrawUndelegated", provider)
            if who in self.operator_of and evm.ask("stake_manager", "stakeOf", who)[3]:
                evm.must(who, "stake_manager", "withdrawUnbonded")
