"""``StakeManager`` as a typed facade: registration, stake, seats, delegation, held slashes.

Place: beside ``contracts``. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Permit, Wallet
from neurovoyance.protocol.ids import Address


class StakeRecord(NamedTuple):
    """Stake of one provider; mirrors ``IStakeManager.Stake``.

    Attributes:
        own_wei: counts and backs locks; includes ``locked_wei``.
        locked_wei: part tied to live jobs, audits and bonds.
        seats: seats in auditor pools.
        unbonding_wei: asked for, still slashable, backs nothing.
        unbonding_ready_at_s: unix seconds from which unbonding can be withdrawn.
    """

    own_wei: int
    locked_wei: int
    seats: int
    unbonding_wei: int
    unbonding_ready_at_s: int


class SeatRecord(NamedTuple):
    """A seat as it stands in its list: live from ``since_s`` until ``until_s`` (0: for ever)."""

    owner: Address
    since_s: int
    until_s: int


class PoolRecord(NamedTuple):
    """A pool of auditors: live seats, and owners with at least one."""

    live_seats: int
    owners: int


class HeldSlash(NamedTuple):
    """A slash by verdict that is held; zeros if there is none."""

    provider: Address
    amount_wei: int
    ready_at_s: int


class DelegationRecord(NamedTuple):
    """What one account delegated to one provider.

    Attributes:
        shares: of the provider's pool.
        amount_wei: what they are worth now.
        unbonding_wei: on its way out, still slashable.
        ready_at_s: unix seconds from which that can be withdrawn.
    """

    shares: int
    amount_wei: int
    unbonding_wei: int
    ready_at_s: int


class PoolStake(NamedTuple):
    """What all delegated to a provider, and its commission on their rewards."""

    delegated_wei: int
    shares: int
    commission_bps: int


class Stakes(Facade):
    """``StakeManager``: registration and stake of providers."""

    contract = "StakeManager"

    async def register(
        self, wallet: Wallet, operator: str, endpoint: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Register the caller as a provider with a hot key and an endpoint."""
        return await self._send(wallet, idempotency_key, "register", operator, endpoint)

    async def set_operator(
        self, wallet: Wallet, operator: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Replace the operator key at once, as owner."""
        return await self._send(wallet, idempotency_key, "setOperator", operator)

    async def set_endpoint(
        self, wallet: Wallet, provider: str, endpoint: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Announce where the provider's node answers, as owner or operator."""
        return await self._send(wallet, idempotency_key, "setEndpoint", provider, endpoint)

    async def stake(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Add own stake from the caller's tokens; needs an allowance."""
        return await self._send(wallet, idempotency_key, "stake", amount_wei)

    async def stake_with_permit(
        self,
        wallet: Wallet,
        amount_wei: int,
        permit: Permit,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """As :meth:`stake`, with a signed permit in place of an allowance."""
        return await self._send(wallet, idempotency_key, "stakeWithPermit", amount_wei, *permit)

    async def request_unbonding(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Start unbonding free stake; restarts the clock of what unbonds already."""
        return await self._send(wallet, idempotency_key, "requestUnbonding", amount_wei)

    async def withdraw_unbonded(
        self, wallet: Wallet, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay finished unbonding to the owner."""
        return await self._send(wallet, idempotency_key, "withdrawUnbonded")

    async def collect_insurance(
        self, wallet: Wallet, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay the insurance share of slashes to the insurance address, by that address."""
        return await self._send(wallet, idempotency_key, "collectInsurance")

    async def take_seats(
        self, wallet: Wallet, pool: bytes, count: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Take seats in a pool of auditors, as owner."""
        return await self._send(wallet, idempotency_key, "takeSeats", pool, count)

    async def leave_seats(
        self,
        wallet: Wallet,
        pool: bytes,
        indices: Sequence[int],
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Leave seats, as owner; those drawn already keep their duty."""
        return await self._send(wallet, idempotency_key, "leaveSeats", pool, list(indices))

    async def prune_seats(
        self,
        wallet: Wallet,
        pool: bytes,
        indices: Sequence[int],
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """End seats whose owner's stake no longer backs all of its seats; anyone."""
        return await self._send(wallet, idempotency_key, "pruneSeats", pool, list(indices))

    async def finalize_slash(
        self, wallet: Wallet, slash_id: bytes, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Split a held slash after the hold; anyone."""
        return await self._send(wallet, idempotency_key, "finalizeSlash", slash_id)

    async def slash_vesting(
        self, wallet: Wallet, slash_id: bytes, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Take the vesting part of a final slash, if the vault refused it before; anyone."""
        return await self._send(wallet, idempotency_key, "slashVesting", slash_id)

    # --- delegation ---

    async def delegate(
        self,
        wallet: Wallet,
        provider: str,
        amount_wei: int,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Put tokens of the caller behind a provider; needs an allowance."""
        return await self._send(wallet, idempotency_key, "delegate", provider, amount_wei)

    async def request_undelegation(
        self, wallet: Wallet, provider: str, shares: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Start taking shares out of a provider's pool; restarts the clock of earlier ones."""
        return await self._send(wallet, idempotency_key, "requestUndelegation", provider, shares)

    async def withdraw_undelegated(
        self, wallet: Wallet, provider: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay a finished undelegation to the caller."""
        return await self._send(wallet, idempotency_key, "withdrawUndelegated", provider)

    async def set_commission(
        self, wallet: Wallet, bps: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Set the caller's commission on its delegators' rewards; a rise waits 14 days."""
        return await self._send(wallet, idempotency_key, "setCommission", bps)

    async def sync_votes(
        self,
        wallet: Wallet,
        provider: str,
        delegator: str,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Report a delegator's votes anew after its provider's pool was slashed; anyone."""
        return await self._send(wallet, idempotency_key, "syncVotes", provider, delegator)

    async def delegation_of(self, provider: str, delegator: str) -> DelegationRecord:
        """Return what an account delegated to a provider."""
        call = self.prepare("delegationOf", provider, delegator)
        return DelegationRecord(*await self.client.call(call))

    async def reward_of_wei(self, provider: str, delegator: str) -> int:
        """Return the emission that waits for a delegator."""
        return int(await self._read("rewardOf", provider, delegator))

    async def pool_stake_of(self, provider: str) -> PoolStake:
        """Return what all delegated to a provider, and its commission."""
        return PoolStake(*await self.client.call(self.prepare("poolStakeOf", provider)))

    async def undelegating_of(self, provider: str) -> tuple[int, int]:
        """Return what is on its way out of a provider's pool: wei, and shares of it."""
        unbonding_wei, shares = await self.client.call(self.prepare("undelegatingOf", provider))
        return int(unbonding_wei), int(shares)

    async def commission_of(self, provider: str) -> tuple[int, int]:
        """Return a provider's announced commission (bps), and from when it applies."""
        next_bps, since_s = await self.client.call(self.prepare("commissionOf", provider))
        return int(next_bps), int(since_s)

    async def weight_at_wei(self, provider: str, epoch: int) -> tuple[int, int]:
        """Return own and counted delegated stake at the end of an epoch, the last or present."""
        own_wei, counted_wei = await self.client.call(self.prepare("weightAt", provider, epoch))
        return int(own_wei), int(counted_wei)

    async def age_of_s(self, provider: str) -> int:
        """Return the age of a stake that loyalty counts, in seconds."""
        return int(await self._read("ageOf", provider))

    async def total_stake_wei(self) -> int:
        """Return all own and delegated stake, without what is unbonding."""
        return int(await self._read("totalStakeWei"))

    async def has_pending_slash(self, provider: str) -> bool:
        """Return whether a slash of the provider is held, so that its rewards cannot exit."""
        return bool(await self._read("hasPendingSlash", provider))

    async def loss_of(self, slash_id: bytes) -> tuple[Address, int]:
        """Return the client of a late slash, and what its loss still lacks."""
        client, amount_wei = await self.client.call(self.prepare("lossOf", slash_id))
        return Address(client), int(amount_wei)

    async def seat_at(self, pool: bytes, index: int) -> SeatRecord:
        """Return a seat of a pool's list."""
        return SeatRecord(*await self.client.call(self.prepare("seatAt", pool, index)))

    async def seat_count_at(self, pool: bytes, time_s: int) -> int:
        """Return how many seats were listed at a time, live or not."""
        return int(await self._read("seatCountAt", pool, time_s))

    async def pool_of(self, pool: bytes) -> PoolRecord:
        """Return how many live seats and owners a pool has."""
        return PoolRecord(*await self.client.call(self.prepare("poolOf", pool)))

    async def held_slash_of(self, slash_id: bytes) -> HeldSlash:
        """Return a slash that is held."""
        return HeldSlash(*await self.client.call(self.prepare("heldSlashOf", slash_id)))

    async def held_wei(self) -> int:
        """Return the sum of held slashes."""
        return int(await self._read("heldWei"))

    async def audit_court(self) -> Address:
        """Return the address of the audit court; zero in a deployment without audits."""
        return Address(await self._read("auditCourt"))

    async def dispute_court(self) -> Address:
        """Return the address of the dispute court; zero in a deployment without audits."""
        return Address(await self._read("disputeCourt"))

    async def operator_of(self, provider: str) -> Address:
        """Return the provider's operator address; the zero address if not registered."""
        return Address(await self._read("operatorOf", provider))

    async def stake_of(self, provider: str) -> StakeRecord:
        """Return a provider's stake."""
        return StakeRecord(*await self._read("stakeOf", provider))

    async def free_of_wei(self, provider: str) -> int:
        """Return own stake not tied to jobs."""
        return int(await self._read("freeOf", provider))

    async def insurance_wei(self) -> int:
        """Return the insurance share not collected yet."""
        return int(await self._read("insuranceWei"))

    async def insurance(self) -> Address:
        """Return the insurance address."""
        return Address(await self._read("insurance"))

    async def market(self) -> Address:
        """Return the address of the market that locks and slashes."""
        return Address(await self._read("market"))

    async def token(self) -> Address:
        """Return the address of the token."""
        return Address(await self._read("token"))
