"""Jobs, audits and canaries of the whole economy: a step takes one job on, mostly as it should be.

Place: over ``genesis_evm``, under ``whole_economy``. Facts come from events, as a node has them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.differential.evm_engines import CHAIN_ID
from tests.differential.genesis_evm import POOL, Done, GenesisEvm

from neurovoyance.chain import _generated_events as generated
from neurovoyance.chain.market import JobRecord
from neurovoyance.protocol.audit import (
    AuditFacts,
    SlotPhase,
    auditor_commitment,
    exact_answer,
    pack_ints,
    seed_of_round,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.lifecycle import JobState, effective_state
from neurovoyance.protocol.result import Opening, commitment_of
from neurovoyance.protocol.signing import Offer, sign_offer

NVY = 10**18
CLIENTS, OWNERS, OPERATORS = (1, 2), (3, 4, 5), {3: 6, 4: 7, 5: 8}
DELEGATORS, STRANGER = (9, 10), 11
PARTIES = 12
SEATS = 3
_SHIFT = 16
_WARM = (SlotPhase.COMMIT, SlotPhase.ANSWER, SlotPhase.REVEAL)


@dataclass
class Work:
    """What the parties of a job keep of it."""

    job_id: bytes
    spec: JobSpec
    salt: bytes
    opening: Opening
    seed0: bytes = bytes(32)
    facts: AuditFacts | None = None
    findings: dict[tuple[int, int], tuple[Any, bytes]] = field(default_factory=dict)


class WholeJobs:
    """The chain, the parties, and jobs.

    Attributes:
        seen: granted and refused calls, by function.
        live: jobs that are not over.
        slashes: ids of slashes that were booked.
    """

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.evm = GenesisEvm(PARTIES)
        self.seen: Counter[str] = Counter()
        self.live: dict[bytes, Work] = {}
        self.audited: list[Work] = []
        self.canaries: dict[int, str] = {}
        self.slashes: list[bytes] = []
        self.salt = 0
        self.parties = [str(account.address) for account in self.evm.accounts]
        self.operator_of = {
            self.parties[owner]: self.evm.accounts[key] for owner, key in OPERATORS.items()
        }
        for owner, number in OPERATORS.items():
            who = self.parties[owner]
            self.evm.must(who, "stake_manager", "register", self.parties[number], "http://a:1")
            self.evm.must(who, "stake_manager", "stake", 50_000 * NVY)
            self.evm.must(who, "stake_manager", "takeSeats", POOL, SEATS)
        for client in CLIENTS:
            self.evm.must(self.parties[client], "market", "deposit", 100_000 * NVY)
        self.evm.mine(2)

    # --- calls ---

    def send(self, sender: int | str, name: str, function: str, *args: Any) -> Done:
        """Send, count, and note what the events say."""
        who = self.parties[sender] if isinstance(sender, int) else sender
        done = self.evm.send(who, name, function, *args)
        self.seen[f"{name}.{function}" if not done.refusal else done.refusal] += 1
        for event in done.events:
            self._note(event)
        return done

    def _note(self, event: Any) -> None:
        if isinstance(event, generated.JobPosted):
            salt = self.rng.randbytes(32)
            envelope = b"\1\x55\x12\x20" + salt
            opening = Opening(bytes(32), salt, envelope, salt, _SHIFT, salt)
            self.live[event.job_id] = Work(event.job_id, event.spec.checked(), event.salt, opening)
        elif isinstance(event, generated.SeedDrawn):
            self.live[event.job_id].seed0 = event.seed0
        elif isinstance(event, generated.AuditOpened):
            work = self.live[event.job_id]
            work.facts = event.facts
            self.audited.append(work)
        elif isinstance(event, generated.CanaryDrawn):
            self.canaries[event.canary_id] = event.provider
        elif isinstance(event, generated.SlashBooked):
            self.slashes.append(event.slash_id)

    def pick(self, indices: tuple[int, ...]) -> str:
        return self.parties[self.rng.choice(indices)]

    # --- hiring ---

    def _offer(
        self, spec_hash: bytes, owner: str, price_wei: int, lock_wei: int
    ) -> tuple[Any, bytes]:
        self.salt += 1
        offer = Offer(
            provider=Address(owner),
            client=ZERO_ADDRESS,
            spec_hash=spec_hash,
            price_wei=price_wei,
            lock_wei=lock_wei,
            valid_until_s=self.evm.now_s + 300,
            nonce=self.salt,
        )
        operator, market = self.operator_of[owner], self.evm.at["market"]
        return offer.as_abi(), sign_offer(offer, operator, chain_id=CHAIN_ID, market=market)

    def open_job(self) -> None:
        owner, price_wei = self.pick(OWNERS), self.rng.randrange(1, 400 * NVY)
        spec = JobSpec(
            model_id=self.evm.model_id,
            input_cid=b"\1\x55\x12\x20" + bytes(32),
            job_class=self.rng.choice([JobClass.EXACT, JobClass.TENSOR]),
            max_runtime_s=30,
            window_s=600,
            audit_slots=1,
        )
        offer = self._offer(spec.spec_hash(), owner, price_wei, 6 * price_wei)
        args = (spec.as_abi(), self.salt.to_bytes(32, "big"), *offer)
        self.send(self.pick(CLIENTS), "market", "open", *args)

    def canary(self) -> None:
        """Take the next canary on, from request to its job."""
        canary_id = self.evm.ask("canaries", "count")
        owner = self.canaries.pop(canary_id, "")
        if owner and self.rng.random() < 0.95:
            raw, price_wei, lock_wei = self.evm.ask("canaries", "specOf", canary_id)
            spec_hash = self.evm.ask("market", "specHashOf", raw)
            offer = self._offer(spec_hash, owner, price_wei, lock_wei)
            self.send(STRANGER, "canaries", "take", canary_id, *offer)
            return None
        wait_s = self.evm.ask("canaries", "readyAt") - self.evm.now_s
        if wait_s > 0 and self.live:
            return self.work_on()
        self.evm.warp(max(0, wait_s))
        if not self.send(STRANGER, "canaries", "request").refusal:
            self.evm.mine(3)
            self.send(STRANGER, "canaries", "draw", canary_id + 1)
        return None

    def score(self) -> None:
        """End the canaries that can be ended."""
        count = self.evm.ask("canaries", "count")
        for canary_id in range(max(1, count - 3), count + 1):
            self.send(STRANGER, "canaries", self.rng.choice(["score", "score", "miss"]), canary_id)

    # --- a job's next step ---

    def work_on(self, is_diligent: bool = False) -> None:
        """Do something about a job; ``is_diligent`` leaves nothing undone."""
        if not self.live:
            return self.open_job()
        work = self.rng.choice(list(self.live.values()))
        record = JobRecord(*self.evm.ask("market", "job", work.job_id))
        owner = record.provider
        is_late = not is_diligent and self.rng.random() < 0.03
        state = effective_state(JobState(record.state), record.deadline_s, self.evm.now_s)
        if is_late:
            self.evm.warp(max(1, record.deadline_s - self.evm.now_s + 1))
        elif not state.is_warm and state is not JobState.ACCEPTED:
            if state is not JobState(record.state):
                self.send(STRANGER, "market", "expire", work.job_id)
            self._over(work)
        elif state is JobState.ASSIGNED and not is_diligent and self.rng.random() < 0.03:
            self._operate(owner, "market", "cancel", work.job_id)  # handed back
            self._over(work)
        elif state is JobState.ASSIGNED:
            self._commit(work, owner)
        elif state is JobState.COMMITTED and record.beacon_round:
            self.evm.mine(2)
            self.send(STRANGER, "market", "draw", work.job_id)
        elif state is JobState.COMMITTED:
            opening = (work.seed0, *work.opening.as_abi()[1:])
            self._operate(owner, "market", "reveal", work.job_id, opening)
        elif state is JobState.DRAWN:
            c0 = self._c0(work, owner)
            args = (work.job_id, work.spec.as_abi(), work.salt, c0, work.seed0)
            self.send(STRANGER, "audit_court", "openAudit", *args)
        elif state is JobState.AUDITED:
            self._audit(work)
        elif state is JobState.REVEALED and record.client in self.parties and not work.facts:
            self.send(record.client, "market", "confirm", work.job_id)
        elif state is JobState.REVEALED:
            self.evm.warp(record.deadline_s - self.evm.now_s + 1)
        else:
            self.send(STRANGER, "market", "settle", work.job_id)
            self._over(work)
        return None

    def _over(self, work: Work) -> None:
        state = JobState(self.evm.ask("market", "job", work.job_id)[2])
        if not state.is_warm and state is not JobState.ACCEPTED:
            self.live.pop(work.job_id, None)

    def _operate(self, owner: str, name: str, function: str, *args: Any) -> None:
        self.send(str(self.operator_of[owner].address), name, function, *args)

    def _c0(self, work: Work, owner: str) -> bytes:
        return commitment_of(
            chain_id=CHAIN_ID,
            market=self.evm.at["market"],
            job_id=work.job_id,
            provider=owner,
            opening=work.opening,
        )

    def _commit(self, work: Work, owner: str) -> None:
        args = (work.job_id, self._c0(work, owner), _SHIFT, work.opening.envelope_cid)
        self._operate(owner, "market", "commit", *args)

    # --- audits ---

    def _audit(self, work: Work) -> None:
        facts = work.facts
        assert facts is not None
        found = self.evm.ask("audit_court", "slotOf", work.job_id, 0)
        auditor, deadline_s, number, phase = found[0], found[1], found[2], SlotPhase(found[3])
        if phase is SlotPhase.SEATING:
            self.send(STRANGER, "audit_court", "seat", facts.as_abi(), 0)
        elif phase not in _WARM:
            self.evm.warp(3_600)  # a failed audit waits for its end
            self.send(STRANGER, "audit_court", "expireContest", facts.as_abi())
        elif self.evm.now_s > deadline_s:
            self.send(STRANGER, "audit_court", "expire", facts.as_abi(), 0)
        elif phase is SlotPhase.COMMIT:
            self._commit_audit(work, facts, number, auditor)
        elif phase is SlotPhase.ANSWER:
            answer = self._truth(work, facts, number)
            self._operate(facts.provider, "audit_court", "answer", facts.as_abi(), 0, answer)
        else:
            z1, salt = work.findings[0, number]
            args = (facts.as_abi(), 0, z1, 0, salt, self._truth(work, facts, number))
            self._operate(auditor, "audit_court", "revealAudit", *args)

    def _truth(self, work: Work, facts: AuditFacts, number: int) -> Any:
        if facts.job_class == JobClass.EXACT:
            return exact_answer(seed_of_round(facts.seed0, number), work.opening.out_root)
        return pack_ints([3 + number + n % 3 for n in range(32)])

    def _commit_audit(self, work: Work, facts: AuditFacts, number: int, auditor: str) -> None:
        is_lying = self.rng.random() < 0.05
        z1 = (self.rng.randbytes(32), *(bytes(32),) * 3)
        z1, salt = z1 if is_lying else self._truth(work, facts, number), self.rng.randbytes(32)
        work.findings[0, number] = (z1, salt)
        commitment = auditor_commitment(
            chain_id=CHAIN_ID,
            audit_court=self.evm.at["audit_court"],
            job_id=work.job_id,
            slot=0,
            round_number=number,
            auditor=auditor,
            z1=z1,
            flags=0,
            salt=salt,
        )
        self._operate(auditor, "audit_court", "commitAudit", facts.as_abi(), 0, commitment)
