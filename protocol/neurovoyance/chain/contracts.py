"""All contracts of a deployment as typed facades: token, stakes, market, beacon.

Place: what ``node``, ``client`` and ``cli`` call. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from neurovoyance.chain.client import ChainClient, Receipt
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.market import JobRecord, Market
from neurovoyance.chain.wallet import Permit, Wallet
from neurovoyance.protocol.ids import Address


class StakeRecord(NamedTuple):
    """Stake of one provider; mirrors ``IStakeManager.Stake``.

    Attributes:
        own_wei: counts and backs locks; includes ``locked_wei``.
        locked_wei: part tied to live jobs.
        unbonding_wei: asked for, still slashable, backs nothing.
        unbonding_ready_at_s: unix seconds from which unbonding can be withdrawn.
    """

    own_wei: int
    locked_wei: int
    unbonding_wei: int
    unbonding_ready_at_s: int


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
    """The four contracts of one deployment, bound to one client."""

    def __init__(self, client: ChainClient, deployment: Deployment) -> None:
        self.client = client
        self.deployment = deployment
        self.token = Token(client, deployment.token)
        self.stakes = Stakes(client, deployment.stake_manager)
        self.market = Market(client, deployment.market)
        self.beacon = Beacon(client, deployment.beacon)


__all__ = [
    "Beacon",
    "BeaconStatus",
    "Contracts",
    "JobRecord",
    "Market",
    "StakeRecord",
    "Stakes",
    "Token",
]
