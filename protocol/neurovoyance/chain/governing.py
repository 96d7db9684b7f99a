"""Parameters, votes, proposals, delays, the treasury and the guardian as typed facades.

Place: beside ``contracts``, for ``governance`` and ``cli``. Amounts and votes are wei, times unix
seconds of the chain, an epoch is the number of whole weeks since 1970. A parameter's name is text
here and its ASCII in 32 bytes on chain.
"""

from __future__ import annotations

from typing import NamedTuple

from neurovoyance.chain.client import ChainClient, Receipt
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.governors import Actions, Governor
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.protocol.ids import Address


class ParameterBounds(NamedTuple):
    """Bounds, largest step, class, and when a parameter may move again (0: now)."""

    min: int
    max: int
    step: int
    is_constitutional: bool
    ready_at_s: int


def key_bytes(key: str) -> bytes:
    """Return a parameter's name as the contract takes it, 32 bytes; SpecError if it cannot be one.

    >>> key_bytes("burnBps")[:8]
    b'burnBps\\x00'
    """
    raw = key.encode("ascii", errors="replace")
    if not raw or len(raw) > 32 or not key.isascii():
        raise SpecError(f"{key[:40]!r} cannot be the name of a parameter.", hint="See gov params.")
    return raw.ljust(32, b"\0")


class Params(Facade):
    """``ProtocolParams``: what governance may move, and the breaker."""

    contract = "ProtocolParams"

    async def set(
        self, wallet: Wallet, key: str, value: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Move a parameter; only the timelocks can, so others learn why it would be refused."""
        return await self._send(wallet, idempotency_key, "set", key_bytes(key), value)

    async def word(self, number: int) -> int:
        """Return a packed word as it applies now."""
        return int(await self._read("word", number))

    async def value_of(self, key: str) -> int:
        """Return a value as it applies now; zero for an unknown name."""
        return int(await self._read("valueOf", key_bytes(key)))

    async def next_of(self, key: str) -> tuple[int, int]:
        """Return the value set last, and the epoch from which its word applies."""
        value, since = await self.client.call(self.prepare("nextOf", key_bytes(key)))
        return int(value), int(since)

    async def bounds_of(self, key: str) -> ParameterBounds:
        """Return bounds, step and class of a parameter, and when it may move."""
        return ParameterBounds(*await self.client.call(self.prepare("boundsOf", key_bytes(key))))

    async def paused_until_s(self) -> int:
        """Return until when early exits and large jobs are stopped."""
        return int(await self._read("pausedUntil"))


class Votes(Facade):
    """``VotingPower``: votes of staked, delegated and vesting tokens."""

    contract = "VotingPower"

    async def delegate(
        self, wallet: Wallet, delegatee: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Let an account, often oneself, vote with all units of the caller."""
        return await self._send(wallet, idempotency_key, "delegate", delegatee)

    async def delegate_by_sig(
        self,
        wallet: Wallet,
        delegatee: str,
        nonce: int,
        expiry_s: int,
        signature: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Bring somebody's signed delegation (65 bytes r, s, v); anyone."""
        parts = (signature[64], signature[:32], signature[32:64])
        args = (delegatee, nonce, expiry_s, *parts)
        return await self._send(wallet, idempotency_key, "delegateBySig", *args)

    async def units_of_wei(self, account: str) -> int:
        """Return units of an account, delegated or not."""
        return int(await self._read("unitsOf", account))

    async def delegates(self, account: str) -> Address:
        """Return who votes with an account's units; the zero address for nobody."""
        return Address(await self._read("delegates", account))

    async def votes_of_wei(self, account: str) -> int:
        """Return the votes of an account as they stand now."""
        return int(await self._read("getVotes", account))

    async def past_votes_wei(self, account: str, timepoint_s: int) -> int:
        """Return the votes of an account at a timepoint whose tick is over."""
        return int(await self._read("getPastVotes", account, timepoint_s))

    async def past_total_wei(self, timepoint_s: int) -> int:
        """Return all units at a timepoint whose tick is over, delegated or not."""
        return int(await self._read("getPastTotalSupply", timepoint_s))

    async def nonce_of(self, account: str) -> int:
        """Return the nonce that the account's next signed delegation must have."""
        return int(await self._read("nonces", account))

    async def clock_s(self) -> int:
        """Return the beginning of the present tick."""
        return int(await self._read("clock"))

    async def tick_s(self) -> int:
        """Return the seconds between two ticks."""
        return int(await self._read("TICK_S"))


class Treasury(Facade):
    """``Treasury``: tokens that voters may spend."""

    contract = "Treasury"

    async def fund(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Give tokens to the treasury; needs an allowance."""
        return await self._send(wallet, idempotency_key, "fund", amount_wei)

    async def pay(
        self,
        wallet: Wallet,
        to: str,
        amount_wei: int,
        reason: str,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Pay out of the treasury; only the timelocks can."""
        return await self._send(wallet, idempotency_key, "pay", to, amount_wei, reason)

    async def collect_grant(
        self, wallet: Wallet, grant: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Take what a grant of the treasury has vested; anyone."""
        return await self._send(wallet, idempotency_key, "collectGrant", grant)

    async def holdings_wei(self) -> int:
        """Return what the treasury counts as its own."""
        return int(await self._read("holdings"))

    async def paid_in_30_days_wei(self, timelock: str) -> int:
        """Return what a timelock has paid in the present window."""
        return int(await self._read("paidIn30Days", timelock))

    async def left_of_wei(self, timelock: str) -> int:
        """Return what a timelock may still pay at once."""
        return int(await self._read("leftOf", timelock))

    async def collected_of_wei(self, grant: str) -> int:
        """Return released tokens of a grant that are counted."""
        return int(await self._read("collectedOf", grant))

    async def is_grant(self, grant: str) -> bool:
        """Return whether a wallet is a grant of the treasury."""
        return bool(await self._read("isGrant", grant))


class Timelock(Facade):
    """``ProtocolTimelock``: what was decided and waits; its governor alone moves it."""

    contract = "ProtocolTimelock"

    async def min_delay_s(self) -> int:
        """Return the delay that applies to what is queued now."""
        return int(await self._read("getMinDelay"))

    async def is_constitutional(self) -> bool:
        """Return whether this is the constitutional governor's."""
        return bool(await self._read("isConstitutional"))

    async def timestamp_of_s(self, operation: bytes) -> int:
        """Return when an operation may be executed; 0 unknown, 1 done."""
        return int(await self._read("getTimestamp", operation))

    async def governor(self) -> Address:
        """Return the only account that schedules, cancels and executes."""
        return Address(await self._read("governor"))

    async def has_role(self, role: bytes, account: str) -> bool:
        """Return whether an account holds a role."""
        return bool(await self._read("hasRole", role, account))


class GuardianFacade(Facade):
    """``Guardian``: cancels proposals and pauses, until its term ends."""

    contract = "Guardian"

    async def cancel(
        self,
        wallet: Wallet,
        governor: str,
        actions: Actions,
        description_hash: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Cancel a proposal that was not executed yet, as holder."""
        lists = (list(actions.targets), list(actions.values), list(actions.calldatas))
        args = (governor, *lists, description_hash)
        return await self._send(wallet, idempotency_key, "cancel", *args)

    async def pause(
        self, wallet: Wallet, duration_s: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Stop early exits and large jobs for a while, as holder."""
        return await self._send(wallet, idempotency_key, "pause", duration_s)

    async def renew(
        self, wallet: Wallet, holder: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Begin a new term; only the constitutional timelock can."""
        return await self._send(wallet, idempotency_key, "renew", holder)

    async def holder(self) -> Address:
        """Return the account that may cancel and pause."""
        return Address(await self._read("holder"))

    async def expires_at_s(self) -> int:
        """Return the second from which the guardian can do nothing."""
        return int(await self._read("expiresAt"))


class Governance:
    """All contracts of governance of one deployment, bound to one client.

    Raises:
        ConfigError: the deployment has no token economy, so there is nothing to vote on.
    """

    def __init__(self, client: ChainClient, deployment: Deployment) -> None:
        if not deployment.has_economy:
            raise ConfigError(
                "This network was deployed without the token economy; there is nothing to vote on.",
                hint="Deploy one with the economy, or name another network with --home.",
                faults=["deployment: no economy"],
            )
        self.client = client
        self.deployment = deployment
        self.params = Params(client, deployment.params)
        self.votes = Votes(client, deployment.votes)
        self.treasury = Treasury(client, deployment.treasury)
        self.guardian = GuardianFacade(client, deployment.guardian)
        self.standard = Governor(client, deployment.standard_governor)
        self.constitutional = Governor(client, deployment.constitutional_governor)
        self.standard_timelock = Timelock(client, deployment.standard_timelock)
        self.constitutional_timelock = Timelock(client, deployment.constitutional_timelock)

    def governor(self, is_constitutional: bool) -> Governor:
        """Return one of the two governors."""
        return self.constitutional if is_constitutional else self.standard

    def timelock(self, is_constitutional: bool) -> Timelock:
        """Return one of the two timelocks."""
        return self.constitutional_timelock if is_constitutional else self.standard_timelock
