"""The node's calls to the chain: what a job looks like there, and the sends that move it.

Place: between ``agent`` and ``chain.contracts``. A commitment is only ever sent from the opening
that the journal has fixed. Never: a rule about when to send; that is ``execution``'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.contracts import BeaconStatus, Contracts, JobRecord, StakeRecord
from neurovoyance.chain.wallet import Wallet
from neurovoyance.node.execution_values import Action, ChainView, Execution
from neurovoyance.node.journal import Journal, SealedOutput
from neurovoyance.protocol.errors import ContractRevert, InternalError
from neurovoyance.protocol.ids import Address, JobId, hash_abi, hex_of
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening, commitment_of, seed_of


@dataclass(frozen=True, slots=True)
class ChainSide:
    """Reads and sends for one provider.

    Attributes:
        provider: the owner's address.
        wallet: the operator key, which signs.
    """

    contracts: Contracts
    wallet: Wallet
    provider: Address
    journal: Journal

    @property
    def chain_id(self) -> int:
        """Chain id of every message and commitment."""
        return self.contracts.client.chain_id

    @property
    def market(self) -> str:
        """Address of the job market."""
        return self.contracts.market.address

    async def time_s(self) -> int:
        """Return chain time: the timestamp of the latest block."""
        return await self.contracts.client.time_s()

    async def stake(self) -> StakeRecord:
        """Return the provider's stake."""
        return await self.contracts.stakes.stake_of(self.provider)

    async def earned_wei(self) -> int:
        """Return what was earned and not harvested."""
        return await self.contracts.market.earned_of_wei(self.provider)

    async def view(self, job_id: JobId, last_round: int = 0) -> ChainView:
        """Return how the chain sees a job.

        Args:
            last_round: the round last seen, with which a seed can be computed whose event was
                missed.
        """
        market = self.contracts.market
        record = await market.job(job_id)
        is_ours = record.provider == self.provider
        view = ChainView(
            stored=record.state,
            is_ours=is_ours,
            deadline_s=record.deadline_s,
            is_audit_possible=record.p_bps > 0,
            round=record.beacon_round,
        )
        if not is_ours:
            return view
        if record.state is JobState.COMMITTED and record.beacon_round:
            status = await self.contracts.beacon.status(record.beacon_round)
            return replace(view, is_round_over=status is not BeaconStatus.PENDING)
        if record.state is JobState.COMMITTED:
            return replace(view, seed0=await self._proven_seed(job_id, record, last_round))
        if record.state.is_final:
            return replace(view, is_lock_open=await market.is_lock_open(job_id))
        return view

    async def _proven_seed(self, job_id: JobId, record: JobRecord, last_round: int) -> bytes | None:
        """Return the seed that the stored binding confirms: seen in an event, or computed."""
        sealed = self.journal.sealed(job_id)
        if sealed is None:
            return None
        for seed0 in self.journal.seeds(job_id):
            if _binding(sealed.commitment, seed0) == record.binding:
                return seed0
        if not last_round:
            return None
        try:
            beacon = await self.contracts.beacon.value(last_round)
        except ContractRevert:
            return None
        seed0 = seed_of(
            beacon=beacon,
            chain_id=self.chain_id,
            market=self.market,
            job_id=job_id,
            commitment=sealed.commitment,
        )
        return seed0 if _binding(sealed.commitment, seed0) == record.binding else None

    def commitment(self, job_id: JobId, opening: Opening) -> bytes:
        """Return C0 of an opening for this provider and market, 32 bytes."""
        return commitment_of(
            chain_id=self.chain_id,
            market=self.market,
            job_id=job_id,
            provider=self.provider,
            opening=opening,
        )

    async def send(self, action: Action, execution: Execution, key: str) -> Receipt:
        """Send the call of an action; the same key sends once.

        Raises:
            ChainError: see :meth:`neurovoyance.chain.client.ChainClient.send`.
        """
        market, job_id = self.contracts.market, execution.job_id
        if action in (Action.ACCEPT, Action.COMMIT, Action.DRAW_AND_REVEAL, Action.REVEAL):
            return await self._send_with_arguments(action, execution, key)
        calls = {
            Action.DRAW: market.draw,
            Action.DECLARE_INVALID: market.declare_invalid,
            Action.SETTLE: market.settle,
            Action.EXPIRE: market.expire,
            Action.CLOSE_LOCK: market.close_lock,
        }
        return await calls[action](self.wallet, job_id, idempotency_key=key)

    async def _send_with_arguments(self, action: Action, execution: Execution, key: str) -> Receipt:
        market, job_id, wallet = self.contracts.market, execution.job_id, self.wallet
        if action is Action.ACCEPT:
            if execution.terms is None:
                raise InternalError("A job was to be accepted without terms.", job_id=job_id)
            return await market.accept(
                wallet,
                job_id,
                self.provider,
                price_wei=execution.terms.price_wei,
                lock_wei=execution.terms.lock_wei,
                idempotency_key=key,
            )
        sealed = self._sealed(job_id)
        opening = sealed.opening
        if action is Action.COMMIT:
            return await market.commit(
                wallet,
                job_id,
                sealed.commitment,
                opening.shift,
                opening.envelope_cid,
                idempotency_key=key,
            )
        if action is Action.REVEAL:
            drawn = replace(opening, seed0=execution.view.seed0 or opening.seed0)
            return await market.reveal(wallet, job_id, drawn, idempotency_key=key)
        return await market.draw_and_reveal(wallet, job_id, opening, idempotency_key=key)

    def _sealed(self, job_id: JobId) -> SealedOutput:
        sealed = self.journal.sealed(job_id)
        if sealed is None:
            raise InternalError(
                "A job has no opening in the journal, so nothing can be committed or revealed.",
                job_id=hex_of(job_id),
            )
        return sealed

    async def harvest(self) -> Receipt:
        """Pay what was earned to the owner."""
        return await self.contracts.market.harvest(self.wallet, self.provider)


def _binding(commitment: bytes, seed0: bytes) -> bytes:
    """Return what the market stores after a draw; mirrors ``Hashing.binding``."""
    return hash_abi(["bytes32", "bytes32"], [commitment, seed0])
