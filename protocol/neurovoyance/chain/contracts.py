"""All contracts of a deployment as typed facades: token, stakes, market, beacon, courts.

Place: what ``node``, ``client`` and ``cli`` call. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from enum import IntEnum

from neurovoyance.chain.channels import Channels
from neurovoyance.chain.client import ChainClient, Receipt
from neurovoyance.chain.courts import Audits, Disputes
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.emission import Canaries, Emission
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.market import JobRecord, Market
from neurovoyance.chain.registry import Registry
from neurovoyance.chain.rewards import FeeRouter, Vault
from neurovoyance.chain.staking import (
    DelegationRecord,
    HeldSlash,
    PoolRecord,
    PoolStake,
    SeatRecord,
    StakeRecord,
    Stakes,
)
from neurovoyance.chain.wallet import Permit, Wallet


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
    address and must not be called; ``has_audits`` tells. ``has_economy`` tells the same of
    ``fee_router``, ``vault``, ``emission``, ``canaries`` and ``channels``; what is voted on stands
    in ``governing.Governance``.
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
        self.fee_router = FeeRouter(client, deployment.fee_router)
        self.vault = Vault(client, deployment.vault)
        self.emission = Emission(client, deployment.emission)
        self.canaries = Canaries(client, deployment.canaries)
        self.channels = Channels(client, deployment.channels)

    @property
    def has_audits(self) -> bool:
        """Whether jobs of this deployment can be audited."""
        return self.deployment.has_audits

    @property
    def has_economy(self) -> bool:
        """Whether fees are split, rewards vest and parameters are voted on."""
        return self.deployment.has_economy

    async def earned_of_wei(self, provider: str) -> int:
        """Return what a provider can harvest: pay for jobs before its split, and for audits."""
        earned_wei = await self.market.earned_of_wei(provider)
        if self.has_economy:
            earned_wei += await self.fee_router.unharvested_of_wei(provider)
        return earned_wei

    async def harvest(
        self, wallet: Wallet, provider: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay what a provider earned to its owner, the vesting part into the vault."""
        if self.has_economy and await self.fee_router.unharvested_of_wei(provider):
            # It harvests in the market, too.
            return await self.fee_router.harvest(wallet, provider, idempotency_key=idempotency_key)
        return await self.market.harvest(wallet, provider, idempotency_key=idempotency_key)


__all__ = [
    "Audits",
    "Beacon",
    "BeaconStatus",
    "Canaries",
    "Channels",
    "Contracts",
    "DelegationRecord",
    "Disputes",
    "Emission",
    "FeeRouter",
    "HeldSlash",
    "JobRecord",
    "Market",
    "PoolRecord",
    "PoolStake",
    "Registry",
    "SeatRecord",
    "StakeRecord",
    "Stakes",
    "Token",
    "Vault",
]
