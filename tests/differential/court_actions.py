"""What parties do with jobs and audits, mostly what they should, sometimes not.

Place: over ``court_world``, under ``dispute_actions``. A step takes one job on: what it waits for
decides what may be done, chance decides what is. Refused calls are welcome: they must do no harm.
"""

from __future__ import annotations

from typing import Any

from tests.differential.court_world import (
    CLIENTS,
    INSURANCE,
    NVY,
    OPERATORS,
    OWNERS,
    POOL,
    ROWS,
    STRANGER,
    VERIFY_ROWS,
    Work,
    World,
)
from tests.differential.evm_engines import CHAIN_ID

from neurovoyance.chain.market import JobRecord
from neurovoyance.protocol.audit import (
    FLAG_NON_FINITE,
    AuditFacts,
    Outcome,
    SlotPhase,
    TraceRow,
    auditor_commitment,
    exact_answer,
    pack_ints,
    seed_of_round,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.lifecycle import JobState, effective_state
from neurovoyance.protocol.result import Opening, commitment_of, output_root
from neurovoyance.protocol.signing import Offer, sign_offer

_WARM_SLOTS = (SlotPhase.COMMIT, SlotPhase.ANSWER, SlotPhase.REVEAL)
_ZEROS = (bytes(32),) * 4


class JobActions(World):
    """Jobs and audits."""

    # --- posting ---

    def spec(self) -> JobSpec:
        self.salt += 1
        return JobSpec(
            model_id=self.rng.choice(self.models),
            input_cid=b"\1\x55\x12\x20" + bytes(32),
            job_class=self.rng.choice([JobClass.EXACT, JobClass.TENSOR]),
            max_runtime_s=30,
            window_s=600,
            audit_slots=self.rng.choice([1, 1, 2]),
            declared_gain_wei=self.rng.choice([0, 0, NVY]),
        )

    def price_wei(self) -> int:
        usual = self.rng.randrange(1, 40 * NVY)
        return self.rng.choice([1, 7, usual, usual, usual, usual, 300 * NVY, 800 * NVY])

    def open(self) -> None:
        """Take an offer of one of a few providers, so that some get a record."""
        spec, owner, price_wei = self.spec(), self.rng.choice(OWNERS[:3]), self.price_wei()
        offer = Offer(
            provider=Address(self.address(owner)),
            client=ZERO_ADDRESS,
            spec_hash=spec.spec_hash(),
            price_wei=price_wei,
            lock_wei=max(price_wei, spec.declared_gain_wei) * self.rng.choice([5, 8, 12]),
            valid_until_s=self.evm.time_s() + 300,
            nonce=self.salt,
        )
        operator = self.evm.accounts[OPERATORS[owner]]
        signature = sign_offer(offer, operator, chain_id=CHAIN_ID, market=self.evm.market)
        args = (spec.as_abi(), self.salt.to_bytes(32, "big"), offer.as_abi(), signature)
        self.send(self.rng.choice(CLIENTS), "JobMarket", "open", *args)

    def post(self) -> None:
        spec, deadline_s = self.spec(), self.evm.time_s() + self.rng.randrange(60, 900)
        terms = (self.price_wei(), 0, deadline_s, "")
        args = (spec.as_abi(), self.salt.to_bytes(32, "big"), *terms)
        self.send(self.rng.choice(CLIENTS), "JobMarket", "post", *args)

    # --- a job's next step ---

    def record(self, work: Work) -> JobRecord:
        return JobRecord(*self.evm.call("JobMarket", "job", work.job_id))

    def state_of(self, record: JobRecord) -> JobState:
        return effective_state(JobState(record.state), record.deadline_s, self.evm.time_s())

    def take_on(self, work: Work) -> None:
        """Do something about a job."""
        record = self.record(work)
        state = self.state_of(record)
        if state is not JobState(record.state) and state is not JobState.ACCEPTED:
            self.send(0, "JobMarket", "expire", work.job_id)
        elif state is JobState.OPEN:
            self._take_or_leave(work, record)
        elif state is JobState.ASSIGNED:
            self._deliver(work, record)
        elif state is JobState.COMMITTED and record.beacon_round:
            self._draw(work)
        elif state is JobState.COMMITTED:
            self._reveal(work, record)
        elif state is JobState.DRAWN:
            self._open_audit(work, record)
        elif state is JobState.AUDITED:
            self._go_on_with_audit(work)
        elif state is JobState.REVEALED:
            self._confirm_or_wait(work, record)
        elif state is JobState.ACCEPTED:
            self._settle(work)

    def _by_provider(
        self, work: Work, function: str, *args: Any, contract: str = "JobMarket"
    ) -> bool:
        return self.send(OPERATORS[work.provider], contract, function, *args).is_success

    def _take_or_leave(self, work: Work, record: JobRecord) -> None:
        if self.chance(0.15):
            self.send(work.client, "JobMarket", "cancel", work.job_id)
        elif self.chance(0.1):
            self.warp_past(record.deadline_s)
        else:
            owner = self.rng.choice(OWNERS)
            price_wei = max(1, record.price_wei - self.rng.randrange(-1, 4))
            lock_wei = max(price_wei, work.spec.declared_gain_wei) * 10
            terms = (self.address(owner), price_wei, lock_wei)
            args = (work.job_id, work.spec.as_abi(), work.salt, *terms)
            self.send(OPERATORS[owner], "JobMarket", "accept", *args)

    def _deliver(self, work: Work, record: JobRecord) -> None:
        way = self.one_of("declareInvalid", "hand back", "commit") if self.chance(0.1) else "commit"
        if way == "declareInvalid":
            args = (work.job_id, work.spec.as_abi(), work.salt)
            self._by_provider(work, "declareInvalid", *args)
        elif way == "hand back":
            self._hand_back(work)
        elif self.chance(0.06):
            self.warp_past(record.deadline_s)
        else:
            self._commit(work)

    def _hand_back(self, work: Work) -> None:
        """Give the job up; what audits hold of it returns with the price."""
        if self._by_provider(work, "cancel", work.job_id):
            self.seen["hand back"] += 1

    def _commit(self, work: Work) -> None:
        salt = self.rng.randbytes(32)
        half = [(salt[:16] + bytes([n])).ljust(32, b"\0") for n in range(ROWS)]
        work.rows = [TraceRow(n, half[n], 0, (half[n], half[n])) for n in range(ROWS)]
        root = output_root([work.rows[n].tensor_hash for n in VERIFY_ROWS])
        shift = self.rng.choice([0, 0, 16])
        opening = Opening(bytes(32), root, b"\1\x55\x12\x20" + salt, salt, shift, salt)
        commitment = commitment_of(
            chain_id=CHAIN_ID,
            market=self.evm.market,
            job_id=work.job_id,
            provider=self.address(work.provider),
            opening=opening,
        )
        args = (work.job_id, commitment, shift, opening.envelope_cid)
        if self._by_provider(work, "commit", *args):
            work.opening = opening

    def opening_of(self, work: Work) -> tuple[Any, ...]:
        """Return the opening with the drawn seed."""
        assert work.opening is not None
        values = list(work.opening.as_abi())
        values[0] = work.seed0
        return tuple(values)

    def commitment_of(self, work: Work) -> bytes:
        assert work.opening is not None
        return commitment_of(
            chain_id=CHAIN_ID,
            market=self.evm.market,
            job_id=work.job_id,
            provider=self.address(work.provider),
            opening=work.opening,
        )

    def _draw(self, work: Work) -> None:
        if self.chance(0.03):
            self.evm.mine(260)  # the round lapses: an audit is forced
        self.evm.mine(2)
        way = self.one_of("draw", "drawAndReveal", "drawAndOpen")
        if way == "draw":
            self.send(STRANGER, "JobMarket", "draw", work.job_id)
        elif way == "drawAndReveal":
            self._by_provider(work, way, work.job_id, self.opening_of(work))
        else:
            args = (work.job_id, work.spec.as_abi(), work.salt, self.commitment_of(work))
            self.send(STRANGER, "AuditCourt", way, *args)

    def _reveal(self, work: Work, record: JobRecord) -> None:
        if self.chance(0.04):
            self.warp_past(record.deadline_s)
        else:
            self._by_provider(work, "reveal", work.job_id, self.opening_of(work))

    def _confirm_or_wait(self, work: Work, record: JobRecord) -> None:
        if self.chance(0.8 if work.facts is None else 0.1):
            self.send(work.client, "JobMarket", "confirm", work.job_id)
        else:
            self.warp_past(record.deadline_s)

    def _settle(self, work: Work) -> None:
        if self.chance(0.5):
            self.send(0, "JobMarket", "settle", work.job_id)
        else:
            self.send(0, "JobMarket", "settleBatch", list(self.works)[-6:])

    # --- audits ---

    def _open_audit(self, work: Work, record: JobRecord) -> None:
        if self.chance(0.04):
            self.warp_past(record.deadline_s)
            return
        args = (work.job_id, work.spec.as_abi(), work.salt, self.commitment_of(work), work.seed0)
        self.send(STRANGER, "AuditCourt", "openAudit", *args)

    def slot_of(self, work: Work, slot: int) -> tuple[Any, ...]:
        """Return auditor, deadline, round and phase of a slot."""
        found = self.evm.call("AuditCourt", "slotOf", work.job_id, slot)
        return (found[0], found[1], found[2], SlotPhase(found[3]))

    def _go_on_with_audit(self, work: Work) -> None:
        facts = work.facts
        assert facts is not None
        slots = list(range(facts.slots))
        self.rng.shuffle(slots)
        for slot in slots:
            auditor, deadline_s, round_number, phase = self.slot_of(work, slot)
            if phase is SlotPhase.SEATING:
                self.send(0, "AuditCourt", "seat", facts.as_abi(), slot)
                return
            if phase not in _WARM_SLOTS:
                continue
            is_slow = self.chance(0.05 if phase is SlotPhase.ANSWER else 0.15)
            if self.evm.time_s() > deadline_s or (is_slow and self.warp_past(deadline_s)):
                self.send(0, "AuditCourt", "expire", facts.as_abi(), slot)
            elif phase is SlotPhase.COMMIT:
                self._commit_audit(work, facts, slot, round_number, auditor)
            elif phase is SlotPhase.ANSWER:
                self._answer(work, facts, slot, round_number)
            else:
                self._reveal_audit(work, facts, slot, round_number, auditor)
            return
        self._after_failure(work, facts)

    def truth(self, work: Work, facts: AuditFacts, round_number: int) -> tuple[bytes, ...]:
        """Return the projection that an honest run would give."""
        if facts.job_class == JobClass.EXACT:
            assert work.opening is not None
            return exact_answer(seed_of_round(facts.seed0, round_number), work.opening.out_root)
        scale = 3 if facts.shift == 16 else 2**24
        return pack_ints([scale + round_number + n % 3 for n in range(32)])

    def lie(self, facts: AuditFacts) -> tuple[bytes, ...]:
        """Return a projection far from every true one."""
        if facts.job_class == JobClass.EXACT:
            return (self.rng.randbytes(32), *_ZEROS[1:])
        return pack_ints([-(2**26) - self.rng.randrange(9) for _ in range(32)])

    def _commit_audit(
        self, work: Work, facts: AuditFacts, slot: int, round_number: int, auditor: str
    ) -> None:
        found = work.bent if self.chance(0.85) else self.rng.choice([1, 2, 3])
        z1, flags = self.truth(work, facts, round_number), 0
        if found == Outcome.FAIL:
            z1, flags = (self.lie(facts), 0) if self.chance(0.7) else (z1, self.rng.choice([1, 2]))
        elif found == Outcome.NON_FINITE:
            z1, flags = _ZEROS, FLAG_NON_FINITE
        salt = self.rng.randbytes(32)
        commitment = auditor_commitment(
            chain_id=CHAIN_ID,
            audit_court=self.audit_court,
            job_id=work.job_id,
            slot=slot,
            round_number=round_number,
            auditor=auditor,
            z1=z1,
            flags=flags,
            salt=salt,
        )
        work.findings[slot, round_number] = (z1, flags, salt)
        args = (facts.as_abi(), slot, commitment)
        self.send(self.operator(auditor), "AuditCourt", "commitAudit", *args)

    def _answer(self, work: Work, facts: AuditFacts, slot: int, round_number: int) -> None:
        z0 = self.truth(work, facts, round_number)
        if self.chance(0.1):
            z0 = self.lie(facts)
        work.answers[slot, round_number] = z0
        self._by_provider(work, "answer", facts.as_abi(), slot, z0, contract="AuditCourt")

    def _reveal_audit(
        self, work: Work, facts: AuditFacts, slot: int, round_number: int, auditor: str
    ) -> None:
        z1, flags, salt = work.findings[slot, round_number]
        if self.chance(0.05):
            salt = bytes(32)
        args = (facts.as_abi(), slot, z1, flags, salt, work.answers[slot, round_number])
        self.send(self.operator(auditor), "AuditCourt", "revealAudit", *args)

    def _after_failure(self, work: Work, facts: AuditFacts) -> None:
        deadline_s = self.evm.call("AuditCourt", "contestDeadlineOf", work.job_id)
        way = self.one_of("expireContest", "concede", "contest", "contest")
        args: tuple[Any, ...] = (facts.as_abi(),)
        if self.evm.time_s() > deadline_s or way == "expireContest":
            if self.warp_past(deadline_s):
                self.send(0, "AuditCourt", "expireContest", *args)
        elif way == "concede":
            self._by_provider(work, way, *args, contract="AuditCourt")
        else:
            args = (*args, self.opening_of(work))
            self._by_provider(work, way, *args, contract="AuditCourt")

    def close_votes(self, work: Work) -> None:
        """Free the locks of a slot whose job ended; a slot without any is refused."""
        if work.facts is not None and work.open_slots:
            slot = self.rng.choice(sorted(work.open_slots))
            self.send(0, "AuditCourt", "closeVotes", work.facts.as_abi(), slot)
            if self.books.jobs[work.job_id].ended_in is not None:
                work.open_slots.discard(slot)  # closed now, or there was nothing to close

    # --- models, seats, stake, balances ---

    def suspend(self) -> None:
        """Suspend the second model for ever; its jobs can be voided."""
        self.send(0, "ModelRegistry", "suspend", self.models[1])

    def void_job(self) -> None:
        """Void a job of the suspended model, mostly one that is not over."""
        works = [work for work in self.works.values() if work.spec.model_id == self.models[1]]
        works = [work for work in works if self.is_live(work)] or works
        if works:
            work = self.rng.choice(works[-3:])
            args = (work.job_id, work.spec.as_abi(), work.salt)
            self.send(0, "AuditCourt", "voidJob", *args)

    def change_seats(self) -> None:
        owner = self.rng.choice(OWNERS)
        mine = self.seats[self.address(owner)]
        if len(mine) > 2 or (mine and self.chance(0.3)):
            self.send(owner, "StakeManager", "leaveSeats", POOL, [self.rng.choice(mine)])
        else:
            self.send(owner, "StakeManager", "takeSeats", POOL, 1)

    def prune_seats(self) -> None:
        indices = [index for mine in self.seats.values() for index in mine]
        self.send(0, "StakeManager", "pruneSeats", POOL, sorted(indices)[:64])

    def amount_wei(self) -> int:
        return self.rng.choice([0, 1, 7, 2**96, self.rng.randrange(1_500 * NVY)])

    def move_money(self) -> None:
        """Put something in, or take something out."""
        owner, client = self.rng.choice(OWNERS), self.rng.choice((*CLIENTS, *OWNERS, STRANGER))
        amount_wei = self.amount_wei()
        choices: list[tuple[int, str, tuple[Any, ...]]] = [
            (client, "JobMarket", ("deposit", min(amount_wei, 2**95))),
            (client, "JobMarket", ("withdraw", amount_wei // 4)),
            (self.operator(self.address(owner)), "JobMarket", ("harvest", self.address(owner))),
            (owner, "StakeManager", ("stake", min(amount_wei, 2**95))),
            (owner, "StakeManager", ("requestUnbonding", amount_wei // 2)),
            (owner, "StakeManager", ("withdrawUnbonded",)),
            (INSURANCE, "StakeManager", ("collectInsurance",)),
            (client, "AuditCourt", ("fundPool", amount_wei // 100)),
        ]
        index, contract, call = self.rng.choice(choices)
        self.send(index, contract, *call)
