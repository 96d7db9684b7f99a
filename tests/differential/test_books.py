"""Random actions on the compiled contracts; after each, every book agrees to the wei.

At the end of every run all parties take out what is theirs, and nothing is left over.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from tests.differential.evm import Evm, Sent, generated
from tests.differential.evm_engines import CHAIN_ID

from neurovoyance.chain.market import JobRecord
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.lifecycle import JobEvent, JobState, effective_state, next_state
from neurovoyance.protocol.result import Opening, commitment_of
from neurovoyance.protocol.signing import Offer, sign_offer
from neurovoyance.tokenomics.books import Books

STEPS = int(os.environ.get("NEUROVOYANCE_TEST_STEPS", "1000"))
SEEDS = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3"))
NVY = 10**18
CLIENTS = (1, 2)
OWNERS = (3, 4)
OPERATORS = {3: 5, 4: 6}
INSURANCE = 7


class Market:
    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.seen: Counter[str] = Counter()
        self.evm = Evm(8, 100_000 * NVY)
        self.books = Books()
        self.states: dict[bytes, JobState] = {}
        self.openings: dict[bytes, Opening] = {}
        self.specs: dict[bytes, tuple[JobSpec, bytes]] = {}
        self.salt = 0
        for index in (*CLIENTS, *OWNERS):
            for spender in (self.evm.market, self.evm.stakes):
                self.send(index, "ComputeToken", "approve", spender, 2**255)
        for owner, operator in OPERATORS.items():
            address = self.evm.accounts[operator].address
            self.send(owner, "StakeManager", "register", address, "http://127.0.0.1:1")
            self.send(owner, "StakeManager", "stake", 5_000 * NVY)
        for client in CLIENTS:
            self.send(client, "JobMarket", "deposit", 500 * NVY)

    # --- plumbing ---

    def send(self, index: int, contract: str, function: str, *args: Any) -> Sent:
        sent = self.evm.send(self.evm.accounts[index], contract, function, *args)
        self.seen[function if sent.is_success else "refused " + function] += 1
        for event in sent.events:
            self.books.apply(event.solidity_name, event)
        return sent

    def address(self, index: int) -> str:
        return str(self.evm.accounts[index].address)

    def record(self, job_id: bytes) -> JobRecord:
        return JobRecord(*self.evm.call("JobMarket", "job", job_id))

    def act(self, job_id: bytes, event: JobEvent, index: int, function: str, *args: Any) -> bool:
        """Do one job action and hold the contract to the lifecycle table."""
        record = self.record(job_id)
        before = effective_state(JobState(record.state), record.deadline_s, self.evm.time_s())
        sent = self.send(index, "JobMarket", function, job_id, *args)
        if sent.is_success:
            self.states[job_id] = next_state(before, event)
        return sent.is_success

    def pick(self, *states: JobState) -> bytes:
        """Mostly a job in a fitting state, sometimes any: refused calls must do no harm."""
        fitting = [job for job, state in self.states.items() if state in states]
        jobs = fitting if fitting and self.rng.random() < 0.9 else list(self.states)
        return self.rng.choice(jobs[-5:])

    def operator_of(self, job_id: bytes) -> int:
        provider = self.record(job_id).provider
        return next((OPERATORS[o] for o in OWNERS if self.address(o) == provider), OPERATORS[3])

    def client_of(self, job_id: bytes) -> int:
        client = self.record(job_id).client
        return next(c for c in CLIENTS if self.address(c) == client)

    def spec(self) -> JobSpec:
        self.salt += 1
        return JobSpec(
            model_id=bytes(32),
            input_cid=b"\1\x55\x12\x20" + bytes(32),
            job_class=JobClass.EXACT,
            max_runtime_s=30,
            window_s=600,
        )

    # --- money ---

    def amount_wei(self) -> int:
        return self.rng.choice([0, 1, 7, NVY, 2**96, self.rng.randrange(3_000 * NVY)])

    def price_wei(self) -> int:
        return self.rng.choice([1, 3, self.rng.randrange(1, 50 * NVY)])

    def deposit(self) -> None:
        self.send(self.rng.choice(CLIENTS), "JobMarket", "deposit", self.amount_wei())

    def withdraw(self) -> None:
        self.send(self.rng.choice(CLIENTS), "JobMarket", "withdraw", self.amount_wei() // 4)

    def stake(self) -> None:
        amount_wei = min(self.amount_wei(), 2**95)
        self.send(self.rng.choice(OWNERS), "StakeManager", "stake", amount_wei)

    def request_unbonding(self) -> None:
        amount_wei = self.amount_wei() // 3
        self.send(self.rng.choice(OWNERS), "StakeManager", "requestUnbonding", amount_wei)

    def withdraw_unbonded(self) -> None:
        self.send(self.rng.choice(OWNERS), "StakeManager", "withdrawUnbonded")

    def delegate(self) -> None:
        owner, client = self.rng.choice(OWNERS), self.rng.choice(CLIENTS)
        args = (self.address(owner), min(self.amount_wei(), 2**95))
        self.send(client, "StakeManager", "delegate", *args)

    def request_undelegation(self) -> None:
        owner, client = self.rng.choice(OWNERS), self.rng.choice(CLIENTS)
        mine = self.books.pool_of(self.address(owner)).of(self.address(client)).shares
        shares = self.rng.choice([0, mine // 3, mine, mine + 1])
        self.send(client, "StakeManager", "requestUndelegation", self.address(owner), shares)

    def withdraw_undelegated(self) -> None:
        owner, client = self.rng.choice(OWNERS), self.rng.choice(CLIENTS)
        self.send(client, "StakeManager", "withdrawUndelegated", self.address(owner))

    def harvest(self) -> None:
        owner = self.rng.choice(OWNERS)
        sender = self.rng.choice((owner, OPERATORS[owner], CLIENTS[0]))
        self.send(sender, "JobMarket", "harvest", self.address(owner))

    def collect_insurance(self) -> None:
        self.send(self.rng.choice((INSURANCE, 1)), "StakeManager", "collectInsurance")

    # --- jobs ---

    def post(self) -> None:
        spec, deadline_s = self.spec(), self.evm.time_s() + self.rng.randrange(900)
        terms = (self.price_wei(), 0, deadline_s, "")
        salt = self.salt.to_bytes(32, "big")
        client = self.rng.choice(CLIENTS)
        sent = self.send(client, "JobMarket", "post", spec.as_abi(), salt, *terms)
        self._remember(sent, spec, salt)

    def open(self) -> None:
        spec, owner = self.spec(), self.rng.choice(OWNERS)
        price_wei, is_expired = self.price_wei(), self.rng.random() < 0.1
        offer = Offer(
            provider=self.address(owner),
            client=ZERO_ADDRESS,
            spec_hash=spec.spec_hash(),
            price_wei=price_wei,
            lock_wei=price_wei * self.rng.choice([4, 5, 20]),
            valid_until_s=self.evm.time_s() + (-5 if is_expired else 300),
            nonce=self.salt,
        )
        operator = self.evm.accounts[OPERATORS[owner]]
        signature = sign_offer(offer, operator, chain_id=CHAIN_ID, market=self.evm.market)
        salt = self.salt.to_bytes(32, "big")
        args = (spec.as_abi(), salt, offer.as_abi(), signature)
        client = self.rng.choice(CLIENTS)
        if self.rng.random() < 0.3:  # an allowance covers it; the permit is none
            payment = (self.amount_wei(), 0, 0, bytes(32), bytes(32))
            sent = self.send(client, "JobMarket", "openWithPermit", payment, *args)
        else:
            sent = self.send(client, "JobMarket", "open", *args)
        self._remember(sent, spec, salt)
        if sent.is_success:
            assert not is_expired
            again = (spec.as_abi(), bytes(31) + b"\1", offer.as_abi(), signature)
            assert not self.send(client, "JobMarket", "open", *again).is_success

    def _remember(self, sent: Sent, spec: JobSpec, salt: bytes) -> None:
        for item in sent.events:
            if isinstance(item, generated.JobPosted):
                self.states[item.job_id] = JobState.OPEN
                self.specs[item.job_id] = (spec, salt)
            if isinstance(item, generated.JobAssigned):
                self.states[item.job_id] = JobState.ASSIGNED

    def accept(self) -> None:
        job_id, owner = self.pick(JobState.OPEN), self.rng.choice(OWNERS)
        price_wei = max(1, self.books.jobs[job_id].price_wei - self.rng.randrange(-1, 4))
        spec, salt = self.specs[job_id]
        args = (spec.as_abi(), salt, self.address(owner), price_wei, price_wei * 10)
        self.act(job_id, JobEvent.ACCEPT, OPERATORS[owner], "accept", *args)

    def cancel(self) -> None:
        client = self.rng.choice(CLIENTS)
        # No client can do this to a job that a provider has: the table would refuse it.
        self.act(self.pick(JobState.OPEN), JobEvent.CANCEL, client, "cancel")

    def hand_back(self) -> None:
        job_id = self.pick(JobState.ASSIGNED)
        provider = self.record(job_id).provider
        stake_wei = self.books.stake_of(provider).own_wei
        if self.act(job_id, JobEvent.HAND_BACK, self.operator_of(job_id), "cancel"):
            job = self.books.jobs[job_id]
            assert (job.ended_in, job.provider) == (JobState.CANCELLED, provider)
            assert (job.paid_wei, job.slash_share_wei, job.escrow_wei) == (0, 0, 0)
            assert self.books.stake_of(provider).own_wei == stake_wei
            self.seen["hand back"] += 1

    def commit(self) -> None:
        job_id, salt = self.pick(JobState.ASSIGNED), self.rng.randbytes(32)
        opening = Opening(bytes(32), salt, b"\1\x55\x12\x20" + salt, salt, 0, salt)
        commitment = commitment_of(
            chain_id=CHAIN_ID,
            market=self.evm.market,
            job_id=job_id,
            provider=self.books.jobs[job_id].provider or ZERO_ADDRESS,
            opening=opening,
        )
        args = (commitment, 0, opening.envelope_cid)
        if self.act(job_id, JobEvent.COMMIT, self.operator_of(job_id), "commit", *args):
            self.openings[job_id] = opening

    def draw(self) -> None:
        self.act(self.pick(JobState.COMMITTED), JobEvent.DRAW, 1, "draw")

    def draw_and_reveal(self) -> None:
        job_id = self.pick(JobState.COMMITTED)
        if job_id not in self.openings:
            return
        values = list(self.openings[job_id].as_abi())
        is_forged = self.rng.random() < 0.2
        if is_forged:
            values[1] = bytes(32)
        operator = self.operator_of(job_id)
        sent = self.send(operator, "JobMarket", "drawAndReveal", job_id, tuple(values))
        if any(isinstance(event, generated.JobRevealed) for event in sent.events):
            assert not is_forged
            self.states[job_id] = JobState.REVEALED

    def reveal_after_a_draw(self) -> None:
        job_id = self.pick(JobState.COMMITTED)
        if job_id not in self.openings:
            return
        self.evm.mine(3)
        drawn = self.send(2, "JobMarket", "draw", job_id)
        seeds = [e.seed0 for e in drawn.events if isinstance(e, generated.SeedDrawn)]
        if seeds:
            values = (seeds[0], *self.openings[job_id].as_abi()[1:])
            operator = self.operator_of(job_id)
            assert self.act(job_id, JobEvent.REVEAL, operator, "reveal", values)

    def declare_invalid(self) -> None:
        job_id = self.pick(JobState.ASSIGNED)
        spec, salt = self.specs[job_id]
        args = (spec.as_abi(), salt)
        operator = self.operator_of(job_id)
        self.act(job_id, JobEvent.DECLARE_INVALID, operator, "declareInvalid", *args)

    def confirm(self) -> None:
        job_id = self.pick(JobState.REVEALED)
        self.act(job_id, JobEvent.CONFIRM, self.client_of(job_id), "confirm")

    def settle(self) -> None:
        self.act(self.pick(JobState.REVEALED), JobEvent.SETTLE, 1, "settle")

    def settle_batch(self) -> None:
        sent = self.send(0, "JobMarket", "settleBatch", list(self.states)[-6:])
        assert sent.is_success
        for event in sent.events:
            if isinstance(event, generated.JobSettled):
                self.states[event.job_id] = JobState.SETTLED

    def expire(self) -> None:
        job_id = self.pick(JobState.OPEN, JobState.ASSIGNED, JobState.COMMITTED)
        self.act(job_id, JobEvent.EXPIRE, 2, "expire")

    def warp(self) -> None:
        usual = self.rng.randrange(1, 400)
        self.evm.warp(self.rng.choice([usual, usual, usual, 5_000, 90_000, 2_000_000]))

    def mine(self) -> None:
        self.evm.mine(self.rng.randrange(1, 4))

    def step(self) -> None:
        """Do one random action; actions that keep jobs alive are the likelier ones."""
        actions: dict[Callable[[], None], int] = {
            self.open: 10, self.post: 6, self.accept: 6, self.commit: 14, self.mine: 6,
            self.draw_and_reveal: 10, self.reveal_after_a_draw: 4, self.draw: 2, self.confirm: 4,
            self.settle: 5, self.settle_batch: 2, self.expire: 4, self.warp: 4, self.cancel: 2,
            self.declare_invalid: 1, self.hand_back: 2, self.deposit: 3, self.withdraw: 2,
            self.stake: 2, self.request_unbonding: 2, self.withdraw_unbonded: 2, self.harvest: 3,
            self.collect_insurance: 1, self.delegate: 3, self.request_undelegation: 2,
            self.withdraw_undelegated: 2,
        }  # fmt: skip
        needs_job = {self.accept, self.cancel, self.commit, self.draw, self.draw_and_reveal}
        needs_job |= {self.reveal_after_a_draw, self.declare_invalid, self.confirm, self.settle}
        needs_job |= {self.settle_batch, self.expire, self.hand_back}
        (action,) = self.rng.choices(list(actions), weights=list(actions.values()))
        if self.states or action not in needs_job:
            action()

    # --- what must hold ---

    def contracts_hold_what_the_books_say(self) -> None:
        balance = self.evm.call("ComputeToken", "balanceOf", self.evm.market)
        assert balance == self.books.market_wei
        balance = self.evm.call("ComputeToken", "balanceOf", self.evm.stakes)
        assert balance == self.books.stake_manager_wei
        supply = self.evm.call("ComputeToken", "totalSupply")
        assert supply + self.books.burned_wei == 10**27

    def every_balance_agrees(self) -> None:
        for index in CLIENTS:
            free = self.evm.call("JobMarket", "freeOf", self.address(index))
            assert free == self.books.free_wei[self.address(index)]
        self.every_pool_agrees()
        for index in OWNERS:
            own, locked, _, unbonding, _ = self.evm.call(
                "StakeManager", "stakeOf", self.address(index)
            )
            stake = self.books.stake_of(self.address(index))
            assert (own, locked, unbonding) == (
                stake.own_wei,
                stake.locked_wei,
                stake.unbonding_wei,
            )
            earned = self.evm.call("JobMarket", "earnedOf", self.address(index))
            assert earned == self.books.earned_wei[self.address(index)]

    def every_pool_agrees(self) -> None:
        for index in OWNERS:
            pool = self.books.pool_of(self.address(index))
            found = self.evm.call_all("StakeManager", "poolStakeOf", self.address(index))
            assert found[:2] == (pool.staked.assets_wei, pool.staked.shares)
            found = self.evm.call_all("StakeManager", "undelegatingOf", self.address(index))
            assert found == (pool.leaving.assets_wei, pool.leaving.shares)

    def every_state_agrees(self) -> None:
        for job_id, state in self.states.items():
            assert self.record(job_id).state == state

    def take_everything_out(self) -> None:
        """End every job, pay out every balance; nothing may be left."""
        self.evm.warp(8 * 86_400)
        for job_id, state in self.states.items():
            if state.is_warm:
                function = "settle" if state is JobState.REVEALED else "expire"
                assert self.send(0, "JobMarket", function, job_id).is_success
        for job in self.books.jobs.values():
            assert (job.escrow_wei, job.lock_wei) == (0, 0)
        for index in CLIENTS:
            free = self.books.free_wei[self.address(index)]
            if free:
                assert self.send(index, "JobMarket", "withdraw", free).is_success
        for index in OWNERS:
            if self.books.earned_wei[self.address(index)]:
                assert self.send(index, "JobMarket", "harvest", self.address(index)).is_success
            stake = self.books.stake_of(self.address(index))
            assert stake.locked_wei == 0
            if stake.own_wei:
                assert self.send(
                    index, "StakeManager", "requestUnbonding", stake.own_wei
                ).is_success
            self.everybody_undelegates(index)
        self.evm.warp(22 * 86_400)
        for index in OWNERS:
            for client in CLIENTS:
                pool = self.books.pool_of(self.address(index))
                if pool.of(self.address(client)).leaving_shares:
                    args = ("StakeManager", "withdrawUndelegated", self.address(index))
                    assert self.send(client, *args).is_success
            if self.books.stake_of(self.address(index)).unbonding_wei:
                assert self.send(index, "StakeManager", "withdrawUnbonded").is_success
        if self.books.insurance_wei:
            assert self.send(INSURANCE, "StakeManager", "collectInsurance").is_success
        self.contracts_hold_what_the_books_say()
        assert self.books.market_wei == 0
        assert self.books.stake_manager_wei == self.books.delegated_wei < 100, "rounding left it"

    def everybody_undelegates(self, owner: int) -> None:
        for client in CLIENTS:
            shares = self.books.pool_of(self.address(owner)).of(self.address(client)).shares
            if shares:
                args = ("StakeManager", "requestUndelegation", self.address(owner), shares)
                assert self.send(client, *args).is_success


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_sequences_lose_no_wei(seed: int) -> None:
    market = Market(seed)
    for _ in range(STEPS):
        market.step()
        market.contracts_hold_what_the_books_say()
        market.every_balance_agrees()
    market.every_state_agrees()
    market.take_everything_out()
    done = {"open", "post", "accept", "commit", "drawAndReveal", "expire", "settle", "harvest"}
    done.add("hand back")
    assert done <= set(market.seen) or STEPS < 200, market.seen
