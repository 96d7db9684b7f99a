"""The job market, typed: one method per function of ``JobMarket``.

Place: facade over ``client``; it holds no rule. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Permit, Wallet
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening
from neurovoyance.protocol.signing import Offer


class JobRecord(NamedTuple):
    """The stored record of a job; mirrors ``Job`` of ``contracts/types/Job.sol``.

    Attributes:
        provider: owner address; the zero address while open.
        deadline_s: end of the present state, unix seconds.
        state: as last written; :meth:`Market.state_of` counts time in.
        job_class: how the output is checked.
        beacon_round: round that decides the draw; 0 before the commitment and after the draw.
        shift: binary exponent of the projection, as committed.
        price_wei: the maximum price while open.
        lock_wei: the minimum lock while open.
        window_s: seconds of the challenge window.
        p_bps: audit probability, frozen on assignment.
        p_econ_bps: part of it that the client pays for.
        max_runtime_s: seconds one execution may take.
        client: who pays.
        flags: audit slots less one in bits 0-2; bit 3: the whole audit pay is held; bit 4: an
            audit was drawn.
        held_wei: escrowed for audits beside the price.
        binding: 32 bytes; the commitment, and after the draw its hash with the seed.
    """

    provider: Address
    deadline_s: int
    state: JobState
    job_class: JobClass
    beacon_round: int
    shift: int
    price_wei: int
    lock_wei: int
    window_s: int
    p_bps: int
    p_econ_bps: int
    max_runtime_s: int
    flags: int
    client: Address
    held_wei: int
    binding: bytes

    @property
    def audit_slots(self) -> int:
        """Independent audits if one is drawn."""
        return (self.flags & 7) + 1

    @property
    def is_audit_drawn(self) -> bool:
        """Whether the draw selected an audit."""
        return bool(self.flags & 16)


class Payment(NamedTuple):
    """What a client pays in with the same transaction that hires; mirrors the contract's struct.

    Attributes:
        amount_wei: credited to the free balance first.
        permit: lets the market take it; one that is used already does no harm.
    """

    amount_wei: int
    permit: Permit

    def as_abi(self) -> tuple[int, int, int, bytes, bytes]:
        """Return the struct's fields in order."""
        return (self.amount_wei, *self.permit)


class Market(Facade):
    """``JobMarket``: escrow and the lifecycle of jobs."""

    contract = "JobMarket"

    async def deposit(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Credit the caller's free balance from its tokens; needs an allowance."""
        return await self._send(wallet, idempotency_key, "deposit", amount_wei)

    async def deposit_with_permit(
        self,
        wallet: Wallet,
        amount_wei: int,
        permit: Permit,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """As :meth:`deposit`, with a signed permit in place of an allowance."""
        return await self._send(wallet, idempotency_key, "depositWithPermit", amount_wei, *permit)

    async def withdraw(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay free balance back to the caller."""
        return await self._send(wallet, idempotency_key, "withdraw", amount_wei)

    async def post(
        self,
        wallet: Wallet,
        spec: JobSpec,
        salt: bytes,
        *,
        max_price_wei: int,
        min_lock_wei: int,
        deadline_s: int,
        source: str = "",
        payment: Payment | None = None,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """List a job at a maximum price; watching providers accept.

        Args:
            wallet: the client's key.
            spec: what to compute.
            salt: 32 bytes that make the job id unique.
            max_price_wei: taken into escrow.
            min_lock_wei: smallest lock that a provider must put behind it.
            deadline_s: last second to accept, at most 7 days ahead.
            source: where the input can be fetched now; a hint.
            payment: deposited first, in the same transaction.
            idempotency_key: see :meth:`ChainClient.send`.
        """
        args = (spec.as_abi(), salt, max_price_wei, min_lock_wei, deadline_s, source)
        if payment is None:
            return await self._send(wallet, idempotency_key, "post", *args)
        paid = (payment.as_abi(), *args)
        return await self._send(wallet, idempotency_key, "postWithPermit", *paid)

    async def accept(
        self,
        wallet: Wallet,
        job_id: JobId,
        spec: JobSpec,
        salt: bytes,
        provider: str,
        *,
        price_wei: int,
        lock_wei: int,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Take an open listing, as the provider's operator; spec and salt have to give its id."""
        args = (job_id, spec.as_abi(), salt, provider, price_wei, lock_wei)
        return await self._send(wallet, idempotency_key, "accept", *args)

    async def open(
        self,
        wallet: Wallet,
        spec: JobSpec,
        salt: bytes,
        offer: Offer,
        signature: bytes,
        *,
        payment: Payment | None = None,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Take a signed offer, as the client; a payment is deposited first, in the same call."""
        args = (spec.as_abi(), salt, offer.as_abi(), signature)
        if payment is None:
            return await self._send(wallet, idempotency_key, "open", *args)
        paid = (payment.as_abi(), *args)
        return await self._send(wallet, idempotency_key, "openWithPermit", *paid)

    async def revoke_nonce(
        self, wallet: Wallet, provider: str, nonce: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Make an offer's nonce unusable, as owner or operator."""
        return await self._send(wallet, idempotency_key, "revokeNonce", provider, nonce)

    async def cancel(
        self, wallet: Wallet, job_id: JobId, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End a job that was not committed yet; everything is refunded, nobody is slashed.

        The client withdraws an open listing. The operator of the provider hands an assigned job
        back.
        """
        return await self._send(wallet, idempotency_key, "cancel", job_id)

    async def commit(
        self,
        wallet: Wallet,
        job_id: JobId,
        commitment: bytes,
        shift: int,
        envelope_cid: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Bind the provider to an output, as its operator."""
        args = (job_id, commitment, shift, envelope_cid)
        return await self._send(wallet, idempotency_key, "commit", *args)

    async def draw(
        self, wallet: Wallet, job_id: JobId, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Fix the seed from the ready round; anyone. A lapsed round is requested anew."""
        return await self._send(wallet, idempotency_key, "draw", job_id)

    async def reveal(
        self,
        wallet: Wallet,
        job_id: JobId,
        opening: Opening,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Publish what the commitment binds; starts the challenge window."""
        return await self._send(wallet, idempotency_key, "reveal", job_id, opening.as_abi())

    async def draw_and_reveal(
        self,
        wallet: Wallet,
        job_id: JobId,
        opening: Opening,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Draw and, when no audit is drawn, reveal in one call; the events say which."""
        args = (job_id, opening.as_abi())
        return await self._send(wallet, idempotency_key, "drawAndReveal", *args)

    async def declare_invalid(
        self,
        wallet: Wallet,
        job_id: JobId,
        spec: JobSpec,
        salt: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Declare that the job has no finite output: refund, no pay, no slash, no streak."""
        args = (job_id, spec.as_abi(), salt)
        return await self._send(wallet, idempotency_key, "declareInvalid", *args)

    async def confirm(
        self, wallet: Wallet, job_id: JobId, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Accept a result before the window ends, as the client; settles at once."""
        return await self._send(wallet, idempotency_key, "confirm", job_id)

    async def settle(
        self, wallet: Wallet, job_id: JobId, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Credit the provider of an accepted job; anyone, however late."""
        return await self._send(wallet, idempotency_key, "settle", job_id)

    async def settle_batch(
        self, wallet: Wallet, job_ids: Sequence[JobId], *, idempotency_key: str | None = None
    ) -> Receipt:
        """Settle what is ready; the rest yields ``SettleSkipped`` events."""
        return await self._send(wallet, idempotency_key, "settleBatch", list(job_ids))

    async def expire(
        self, wallet: Wallet, job_id: JobId, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End a job whose deadline passed: refund, then slash who was late; anyone."""
        return await self._send(wallet, idempotency_key, "expire", job_id)

    async def close_lock(
        self, wallet: Wallet, job_id: JobId, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Repeat closing the lock of an ended job if that failed; anyone."""
        return await self._send(wallet, idempotency_key, "closeLock", job_id)

    async def harvest(
        self, wallet: Wallet, provider: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay what the provider earned to its owner; ``one(Harvested).amount_wei`` is the sum."""
        return await self._send(wallet, idempotency_key, "harvest", provider)

    async def job_id_of(self, client: str, salt: bytes, spec_hash: bytes) -> JobId:
        """Return the id a job has or will have."""
        return JobId(await self._read("jobIdOf", client, salt, spec_hash))

    async def spec_hash_of(self, spec: JobSpec) -> bytes:
        """Return the EIP-712 struct hash of a spec as the contract computes it."""
        return bytes(await self._read("specHashOf", spec.as_abi()))

    async def offer_hash_of(self, offer: Offer) -> bytes:
        """Return the EIP-712 digest of an offer as the contract computes it."""
        return bytes(await self._read("offerHashOf", offer.as_abi()))

    async def job(self, job_id: JobId) -> JobRecord:
        """Return the stored record; an unknown job has state NONE."""
        raw = JobRecord(*await self._read("job", job_id))
        return raw._replace(state=JobState(raw.state), job_class=JobClass(raw.job_class))

    async def state_of(self, job_id: JobId) -> JobState:
        """Return the state at this moment, time-outs and the end of the window counted in."""
        return JobState(await self._read("stateOf", job_id))

    async def free_of_wei(self, client: str) -> int:
        """Return a client's free balance."""
        return int(await self._read("freeOf", client))

    async def earned_of_wei(self, provider: str) -> int:
        """Return what a provider earned and has not harvested."""
        return int(await self._read("earnedOf", provider))

    async def is_nonce_used(self, provider: str, nonce: int) -> bool:
        """Return whether an offer's nonce was used or revoked."""
        return bool(await self._read("isNonceUsed", provider, nonce))

    async def is_lock_open(self, job_id: JobId) -> bool:
        """Return whether stake is still locked for a job."""
        return bool(await self._read("isLockOpen", job_id))

    async def token(self) -> Address:
        """Return the address of the token."""
        return Address(await self._read("token"))

    async def stake_manager(self) -> Address:
        """Return the address of the stake manager."""
        return Address(await self._read("stakeManager"))

    async def beacon(self) -> Address:
        """Return the address of the randomness beacon."""
        return Address(await self._read("beacon"))

    async def audit_court(self) -> Address:
        """Return the address of the audit court; zero in a deployment without audits."""
        return Address(await self._read("auditCourt"))

    async def dispute_court(self) -> Address:
        """Return the address of the dispute court; zero in a deployment without audits."""
        return Address(await self._read("disputeCourt"))
