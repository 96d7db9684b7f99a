"""The two governors as one typed facade: proposals, votes, and what was decided.

Place: beside ``governing``, which binds one facade to each governor; both have the same functions.
Votes are wei, times unix seconds of the chain. A proposal is named by the hash of its calls and of
its description; nothing on chain keeps the calls, so every later step hands them in again.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

from eth_abi.abi import encode as abi_encode

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.ids import Address, keccak256


class ProposalState(IntEnum):
    """Where a proposal stands; mirrors ``IGovernor.ProposalState``."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


class Support(IntEnum):
    """What a voter says; mirrors ``GovernorCountingSimple.VoteType``."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


class Tally(NamedTuple):
    """Votes of a proposal so far, in wei."""

    against_wei: int
    for_wei: int
    abstain_wei: int


class ProposalTerms(NamedTuple):
    """What was frozen when a proposal was made; zeros if there is none."""

    quorum_bps: int
    majority_bps: int
    code_digest: bytes


class Actions(NamedTuple):
    """The calls of a proposal with the text it was made with; together they are its identity."""

    targets: tuple[Address, ...]
    values: tuple[int, ...]
    calldatas: tuple[bytes, ...]
    description: str

    @property
    def description_hash(self) -> bytes:
        """keccak256 of the text, 32 bytes."""
        return keccak256(self.description.encode())

    @property
    def proposal_id(self) -> int:
        """The proposal's name: keccak256 of the ABI encoding of calls and description hash."""
        types = ["address[]", "uint256[]", "bytes[]", "bytes32"]
        lists: list[Any] = [list(self.targets), list(self.values), list(self.calldatas)]
        return int.from_bytes(keccak256(abi_encode(types, [*lists, self.description_hash])), "big")

    @property
    def hashed(self) -> tuple[Any, ...]:
        """The arguments of ``queue``, ``execute`` and ``cancel``."""
        lists = (list(self.targets), list(self.values), list(self.calldatas))
        return (*lists, self.description_hash)


class Governor(Facade):
    """``StandardGovernor`` and ``ConstitutionalGovernor``, which differ in settings only."""

    contract = "StandardGovernor"

    async def propose(
        self, wallet: Wallet, actions: Actions, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Make a proposal; needs votes of at least the threshold, a tick ago."""
        lists = (list(actions.targets), list(actions.values), list(actions.calldatas))
        return await self._send(wallet, idempotency_key, "propose", *lists, actions.description)

    async def cast_vote(
        self,
        wallet: Wallet,
        proposal_id: int,
        support: Support,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Vote without a reason."""
        return await self._send(wallet, idempotency_key, "castVote", proposal_id, int(support))

    async def cast_vote_with_reason(
        self,
        wallet: Wallet,
        proposal_id: int,
        support: Support,
        reason: str,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Vote and say why; the reason stands in the event."""
        args = (proposal_id, int(support), reason)
        return await self._send(wallet, idempotency_key, "castVoteWithReason", *args)

    async def cast_vote_by_sig(
        self,
        wallet: Wallet,
        proposal_id: int,
        support: Support,
        voter: str,
        signature: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Bring somebody's signed ballot; anyone."""
        args = (proposal_id, int(support), voter, signature)
        return await self._send(wallet, idempotency_key, "castVoteBySig", *args)

    async def cast_vote_with_reason_by_sig(
        self,
        wallet: Wallet,
        proposal_id: int,
        support: Support,
        voter: str,
        reason: str,
        signature: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Bring somebody's signed ballot with its reason and no parameters; anyone."""
        args = (proposal_id, int(support), voter, reason, b"", signature)
        name = idempotency_key
        return await self._send(wallet, name, "castVoteWithReasonAndParamsBySig", *args)

    async def queue(
        self, wallet: Wallet, actions: Actions, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Hand what succeeded to the timelock; anyone."""
        return await self._send(wallet, idempotency_key, "queue", *actions.hashed)

    async def execute(
        self, wallet: Wallet, actions: Actions, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Do what waited long enough; anyone."""
        return await self._send(wallet, idempotency_key, "execute", *actions.hashed)

    async def cancel(
        self, wallet: Wallet, actions: Actions, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Withdraw a proposal before voting begins, as its proposer."""
        return await self._send(wallet, idempotency_key, "cancel", *actions.hashed)

    async def state(self, proposal_id: int) -> ProposalState:
        """Return where a proposal stands; GovernorNonexistentProposal if there is none."""
        return ProposalState(await self._read("state", proposal_id))

    async def snapshot_s(self, proposal_id: int) -> int:
        """Return the tick whose end counts votes; 0 if there is no such proposal."""
        return int(await self._read("proposalSnapshot", proposal_id))

    async def deadline_s(self, proposal_id: int) -> int:
        """Return the last tick of voting, extension included."""
        return int(await self._read("proposalDeadline", proposal_id))

    async def eta_s(self, proposal_id: int) -> int:
        """Return from when a queued proposal may be executed; 0 if it is not queued."""
        return int(await self._read("proposalEta", proposal_id))

    async def proposer(self, proposal_id: int) -> Address:
        """Return who made a proposal; the zero address if there is none."""
        return Address(await self._read("proposalProposer", proposal_id))

    async def tally(self, proposal_id: int) -> Tally:
        """Return the votes cast so far."""
        return Tally(*await self.client.call(self.prepare("proposalVotes", proposal_id)))

    async def has_voted(self, proposal_id: int, account: str) -> bool:
        """Return whether an account has voted."""
        return bool(await self._read("hasVoted", proposal_id, account))

    async def quorum_of_wei(self, proposal_id: int) -> int:
        """Return the votes For and Abstain that a proposal needs; reverts before its snapshot."""
        return int(await self._read("quorumOf", proposal_id))

    async def terms_of(self, proposal_id: int) -> ProposalTerms:
        """Return what was frozen when a proposal was made."""
        return ProposalTerms(*await self.client.call(self.prepare("termsOf", proposal_id)))

    async def quorum_wei(self, timepoint_s: int) -> int:
        """Return what a proposal with this snapshot would need under today's settings."""
        return int(await self._read("quorum", timepoint_s))

    async def threshold_wei(self) -> int:
        """Return the votes needed to propose now."""
        return int(await self._read("proposalThreshold"))

    async def voting_delay_s(self) -> int:
        """Return the seconds from a proposal to its snapshot, whole ticks."""
        return int(await self._read("votingDelay"))

    async def voting_period_s(self) -> int:
        """Return the seconds of voting, whole ticks."""
        return int(await self._read("votingPeriod"))

    async def late_quorum_extension_s(self) -> int:
        """Return how long voting goes on at least once the quorum is reached."""
        return int(await self._read("lateQuorumVoteExtension"))

    async def majority_bps(self) -> int:
        """Return the part of For and Against that must be For, for proposals made now."""
        return int(await self._read("majorityBps"))

    async def max_actions(self) -> int:
        """Return how many calls a proposal may hold."""
        return int(await self._read("MAX_ACTIONS"))

    async def is_allowed(self, target: str, selector: bytes) -> bool:
        """Return whether proposals may call this function of this contract."""
        return bool(await self._read("isAllowed", target, selector))

    async def proposal_id(self, actions: Actions) -> int:
        """Return the name of a proposal, as the contract computes it."""
        return int(await self._read("getProposalId", *actions.hashed))

    async def needs_queuing(self, proposal_id: int) -> bool:
        """Return whether a proposal waits in the timelock before it is executed."""
        return bool(await self._read("proposalNeedsQueuing", proposal_id))

    async def votes_at_wei(self, account: str, timepoint_s: int) -> int:
        """Return the votes of an account at a timepoint whose tick is over."""
        return int(await self._read("getVotes", account, timepoint_s))

    async def clock_s(self) -> int:
        """Return the beginning of the present tick."""
        return int(await self._read("clock"))

    async def nonce_of(self, voter: str) -> int:
        """Return the nonce that the voter's next signed ballot must have."""
        return int(await self._read("nonces", voter))

    async def name(self) -> str:
        """Return the governor's name, part of what ballots are signed for."""
        return str(await self._read("name"))

    async def version(self) -> str:
        """Return the version that ballots are signed for."""
        return str(await self._read("version"))
