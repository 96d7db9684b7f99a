"""All contracts of a deployment as typed facades: token, stakes, market, beacon, courts.

Place: what ``node``, ``client`` and ``cli`` call. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from neurovoyance.chain.client import ChainClient, Receipt
from neurovoyance.chain.courts import Audits, Disputes
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.market import JobRecord, Market
from neurovoyance.chain.registry import Registry
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


class BeaconStatus(IntEnum):
    """Where a round of the randomness beacon stands."""

    PENDING = 0
    READY = 1
    EXPIRED = 2


class Token(Facade):
    """``ComputeToken``, an ERC-20 with permits."""

    contract = "ComputeToken"

    async def name(self) -> str:
        """Return the token's name; also the name in its EIP-712 domain."""
        return str(await self._read("name"))

    async def symbol(self) -> str:
        """Return the token's symbol."""
        return str(await self._read("symbol"))

    async def decimals(self) -> int:
        """Return the decimals of the token's display unit."""
        return int(await self._read("decimals"))

    async def cap_wei(self) -> int:
        """Return the supply at genesis, never exceeded."""
        return int(await self._read("CAP"))

    async def total_supply_wei(self) -> int:
        """Return the present supply."""
        return int(await self._read("totalSupply"))

    async def balance_of_wei(self, account: str) -> int:
        """Return an account's tokens."""
        return int(await self._read("balanceOf", account))

    async def allowance_wei(self, owner: str, spender: str) -> int:
        """Return how much ``spender`` may still take from ``owner``."""
        return int(await self._read("allowance", owner, spender))

    async def permit_nonce(self, owner: str) -> int:
        """Return the nonce that the owner's next permit must have."""
        return int(await self._read("nonces", owner))

    async def domain_separator(self) -> bytes:
        """Return the EIP-712 domain separator, 32 bytes."""
        return bytes(await self._read("DOMAIN_SEPARATOR"))

    async def transfer(
        self, wallet: Wallet, to: str, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Send tokens of the caller."""
        return await self._send(wallet, idempotency_key, "transfer", to, amount_wei)

    async def transfer_from(
        self,
        wallet: Wallet,
        owner: str,
        to: str,
        amount_wei: int,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Send tokens of ``owner`` within the caller's allowance."""
        return await self._send(wallet, idempotency_key, "transferFrom", owner, to, amount_wei)

    async def approve(
        self, wallet: Wallet, spender: str, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Set how much ``spender`` may take from the caller."""
        return await self._send(wallet, idempotency_key, "approve", spender, amount_wei)

    async def burn(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Destroy tokens of the caller."""
        return await self._send(wallet, idempotency_key, "burn", amount_wei)

    async def burn_from(
        self, wallet: Wallet, owner: str, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Destroy tokens of ``owner`` within the caller's allowance."""
        return await self._send(wallet, idempotency_key, "burnFrom", owner, amount_wei)

    async def permit(
        self,
        wallet: Wallet,
        owner: str,
        spender: str,
        amount_wei: int,
        permit: Permit,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Put a signed permit on chain; anyone may."""
        args = (owner, spender, amount_wei, *permit)
        return await self._send(wallet, idempotency_key, "permit", *args)

    async def sign_permit(
        self, wallet: Wallet, spender: str, amount_wei: int, deadline_s: int
    ) -> Permit:
        """Sign a permit with the next nonce; sends nothing."""
        return wallet.sign_permit(
            token=self.address,
            token_name=await self.name(),
            chain_id=self.client.chain_id,
            spender=spender,
            amount_wei=amount_wei,
            nonce=await self.permit_nonce(wallet.address),
            deadline_s=deadline_s,
        )


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


class Beacon(Facade):
    """``BlockHashBeacon``: public randomness."""

    contract = "BlockHashBeacon"

    async def request(self, wallet: Wallet, *, idempotency_key: str | None = None) -> Receipt:
        """Ask for a future round."""
        return await self._send(wallet, idempotency_key, "request")

    async def status(self, beacon_round: int) -> BeaconStatus:
        """Return where a round stands."""
        return BeaconStatus(await self._read("status", beacon_round))

    async def value(self, beacon_round: int) -> bytes:
        """Return the value of a ready round, 32 bytes; RandomnessBeaconNotReady otherwise."""
        return bytes(await self._read("value", beacon_round))


class Contracts:
    """The contracts of one deployment, bound to one client.

    In a deployment without audits ``registry``, ``audits`` and ``disputes`` stand at the zero
    address and must not be called; ``has_audits`` tells.
    """

    def __init__(self, client: ChainClient, deployment: Deployment) -> None:
        self.client = client
        self.deployment = deployment
        self.token = Token(client, deployment.token)
        self.stakes = Stakes(client, deployment.stake_manager)
        self.market = Market(client, deployment.market)
        self.beacon = Beacon(client, deployment.beacon)
        self.registry = Registry(client, deployment.registry)
        self.audits = Audits(client, deployment.audit_court)
        self.disputes = Disputes(client, deployment.dispute_court)

    @property
    def has_audits(self) -> bool:
        """Whether jobs of this deployment can be audited."""
        return self.deployment.has_audits


__all__ = [
    "Audits",
    "Beacon",
    "BeaconStatus",
    "Contracts",
    "Disputes",
    "HeldSlash",
    "JobRecord",
    "Market",
    "PoolRecord",
    "Registry",
    "SeatRecord",
    "StakeRecord",
    "Stakes",
    "Token",
]
