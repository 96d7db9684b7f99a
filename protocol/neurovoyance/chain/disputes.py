"""The dispute court, typed: one method per function of ``DisputeCourt``.

Place: facade over ``client``, beside :mod:`.courts`; it holds no rule. Facts are passed as they
stood in the event ``DisputeOpened``. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.audit import (
    AuditFacts,
    DisputeFacts,
    DisputeKind,
    DisputePhase,
    PointKind,
    RefereeVote,
    TraceRow,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.result import Opening

Words = Sequence[bytes]
"""Four words of 32 bytes: a packed projection."""


_ZERO = bytes(32)
_NO_FACTS = AuditFacts(*(_ZERO,) * 4, ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, bytes(12), 0, 0, 0, 0, 0)


class DisputeRecord(NamedTuple):
    """Where a dispute stands."""

    facts_hash: bytes
    phase: DisputePhase
    level: int
    deadline_s: int
    round: int


class RefereeRecord(NamedTuple):
    """One owner drawn as a referee; mirrors ``Referee``."""

    owner: Address
    weight: int
    vote: RefereeVote
    is_paid: bool


class Disputes(Facade):
    """``DisputeCourt``: disputes about one operator."""

    contract = "DisputeCourt"

    async def challenge(
        self,
        wallet: Wallet,
        job_id: JobId,
        kind: DisputeKind,
        spec: JobSpec,
        salt: bytes,
        opening: Opening,
        audit_facts: AuditFacts | None,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Challenge a revealed job; the bond comes out of the caller's free balance.

        Args:
            wallet: the challenger.
            job_id: the job.
            kind: what is claimed to be wrong.
            spec: of the job.
            salt: of the job id.
            opening: as the provider revealed it, with the drawn seed.
            audit_facts: of the job's audit; None if it was not audited.
            idempotency_key: see :meth:`ChainClient.send`.
        """
        facts = (audit_facts or _NO_FACTS).as_abi()
        args = (job_id, int(kind), spec.as_abi(), salt, opening.as_abi(), facts)
        return await self._send(wallet, idempotency_key, "challenge", *args)

    async def post_trace(
        self,
        wallet: Wallet,
        facts: DisputeFacts,
        *,
        root: bytes,
        manifest_cid: bytes,
        verify: Sequence[TraceRow],
        proofs: Sequence[Sequence[bytes]],
        z0: Words,
        z_trace: Words,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Post the provider's trace; ``verify`` are the rows of the verify tensors."""
        rows = tuple(row.index for row in verify)
        listed = tuple(row.as_abi() for row in verify)
        proven = tuple(tuple(proof) for proof in proofs)
        args = (facts.as_abi(), root, manifest_cid, rows, listed, proven, tuple(z0), tuple(z_trace))
        return await self._send(wallet, idempotency_key, "postTrace", *args)

    async def point(
        self,
        wallet: Wallet,
        facts: DisputeFacts,
        kind: PointKind,
        row: TraceRow,
        proof: Sequence[bytes],
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Point at one row, as the challenger."""
        args = (facts.as_abi(), int(kind), row.as_abi(), tuple(proof))
        return await self._send(wallet, idempotency_key, "point", *args)

    async def draw_referees(
        self, wallet: Wallet, facts: DisputeFacts, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Draw the referees of the present level from the ready round; anyone."""
        return await self._send(wallet, idempotency_key, "drawReferees", facts.as_abi())

    async def commit_vote(
        self,
        wallet: Wallet,
        facts: DisputeFacts,
        referee: str,
        commitment: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Bind a referee to a vote, as its operator."""
        args = (facts.as_abi(), referee, commitment)
        return await self._send(wallet, idempotency_key, "commitVote", *args)

    async def reveal_vote(
        self,
        wallet: Wallet,
        facts: DisputeFacts,
        referee: str,
        vote: RefereeVote,
        salt: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Open a referee's vote, as its operator."""
        args = (facts.as_abi(), referee, int(vote), salt)
        return await self._send(wallet, idempotency_key, "revealVote", *args)

    async def appeal(
        self, wallet: Wallet, facts: DisputeFacts, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Ask the next level, as the loser, for a doubled bond."""
        return await self._send(wallet, idempotency_key, "appeal", facts.as_abi())

    async def advance(
        self, wallet: Wallet, facts: DisputeFacts, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End the present phase after its deadline, or when nobody is left to act; anyone."""
        return await self._send(wallet, idempotency_key, "advance", facts.as_abi())

    async def close_referee(
        self,
        wallet: Wallet,
        facts: DisputeFacts,
        level: int,
        index: int,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Pay a referee's share or take its penalty, once the dispute is closed; anyone."""
        args = (facts.as_abi(), level, index)
        return await self._send(wallet, idempotency_key, "closeReferee", *args)

    async def book_slash(
        self, wallet: Wallet, facts: DisputeFacts, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Repeat booking the slash of a convicted provider if that failed; anyone."""
        return await self._send(wallet, idempotency_key, "bookSlash", facts.as_abi())

    async def dispute_of(self, dispute_id: int) -> DisputeRecord:
        """Return where a dispute stands."""
        raw = DisputeRecord(*await self.client.call(self.prepare("disputeOf", dispute_id)))
        return raw._replace(phase=DisputePhase(raw.phase))

    async def trace_of(self, dispute_id: int) -> bytes:
        """Return the root of a posted trace, 32 bytes; zeros if there is none."""
        return bytes(await self._read("traceOf", dispute_id))

    async def referees_of(self, dispute_id: int, level: int) -> list[RefereeRecord]:
        """Return the referees of a level in the order drawn."""
        found = [RefereeRecord(*one) for one in await self._read("refereesOf", dispute_id, level)]
        return [one._replace(vote=RefereeVote(one.vote)) for one in found]

    async def open_count_of(self, job_id: JobId) -> int:
        """Return how many disputes of a job are not closed."""
        return int(await self._read("openCountOf", job_id))

    async def next_dispute_id(self) -> int:
        """Return the id that the next dispute gets."""
        return int(await self._read("nextDisputeId"))
