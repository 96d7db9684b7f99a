"""Fees, vesting and insurance as typed facades.

Place: beside ``contracts``, for ``client``, ``node`` and ``cli``. Amounts are wei, times unix
seconds of the chain, an epoch is the number of whole weeks since 1970.
"""

from __future__ import annotations

from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Wallet

EPOCH_S = 604_800
"""Seconds of an epoch; epoch = unix seconds // EPOCH_S."""


class FeeRates(NamedTuple):
    """How an epoch's fees are split; the provider's liquid part is the rest of 10,000."""

    burn_bps: int
    treasury_bps: int
    insurance_bps: int
    audit_bps: int
    vest_bps: int

    @property
    def liquid_bps(self) -> int:
        """The part that the provider is paid at once."""
        return 10_000 - sum(self)


class Pots(NamedTuple):
    """What waits to be burned and handed on."""

    burn_wei: int
    treasury_wei: int
    insurance_wei: int
    audits_wei: int


class ExitRecord(NamedTuple):
    """An announced early exit; zeros if there is none."""

    amount_wei: int
    ready_at_s: int
    expires_at_s: int


class FeeRouter(Facade):
    """``FeeRouter``: fees of providers, and their split."""

    contract = "FeeRouter"

    async def harvest(
        self, wallet: Wallet, provider: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay the liquid part of a provider's fees to it and vest the rest; owner or operator."""
        return await self._send(wallet, idempotency_key, "harvest", provider)

    async def sweep(self, wallet: Wallet, *, idempotency_key: str | None = None) -> Receipt:
        """Burn and hand on what harvests put into the pots; anyone."""
        return await self._send(wallet, idempotency_key, "sweep")

    async def vest(
        self, wallet: Wallet, provider: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Deposit in the vault what it refused in harvests of a provider; anyone."""
        return await self._send(wallet, idempotency_key, "vest", provider)

    async def vesting_owed_of_wei(self, provider: str) -> int:
        """Return what the vault has refused of a provider's fees."""
        return int(await self._read("vestingOwedOf", provider))

    async def fees_of_wei(self, provider: str, epoch: int) -> int:
        """Return a provider's fees of an epoch, harvested or not."""
        return int(await self._read("feesOf", provider, epoch))

    async def fees_in_wei(self, epoch: int) -> int:
        """Return all fees of an epoch."""
        return int(await self._read("feesIn", epoch))

    async def rates_of(self, epoch: int) -> FeeRates:
        """Return the rates of an epoch; those of now if it had no fee."""
        return FeeRates(*await self._read("ratesOf", epoch))

    async def unharvested_of_wei(self, provider: str) -> int:
        """Return what a provider can harvest, before the split."""
        return int(await self._read("unharvestedOf", provider))

    async def pots(self) -> Pots:
        """Return what waits to be swept."""
        return Pots(*await self.client.call(self.prepare("pots")))


class Vault(Facade):
    """``VestingVault``: rewards that vest in weekly steps."""

    contract = "VestingVault"

    async def release(
        self, wallet: Wallet, account: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay what has vested to the account; the account or its operator."""
        return await self._send(wallet, idempotency_key, "release", account)

    async def request_exit(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Announce an early exit; it can be executed 24 to 96 hours later."""
        return await self._send(wallet, idempotency_key, "requestExit", amount_wei)

    async def execute_exit(
        self, wallet: Wallet, max_penalty_bps: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Leave early with what the epoch allows, at a penalty of at most ``max_penalty_bps``."""
        return await self._send(wallet, idempotency_key, "executeExit", max_penalty_bps)

    async def sync_votes(
        self, wallet: Wallet, account: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Report to VotingPower what it refused before; anyone."""
        return await self._send(wallet, idempotency_key, "syncVotes", account)

    async def held_of_wei(self, account: str) -> int:
        """Return the liability towards an account: unvested and releasable."""
        return int(await self._read("heldOf", account))

    async def releasable_of_wei(self, account: str) -> int:
        """Return what a release would pay now."""
        return int(await self._read("releasableOf", account))

    async def unvested_of_wei(self, account: str) -> int:
        """Return what would be left after a release now."""
        return int(await self._read("unvestedOf", account))

    async def penalty_of_wei(self, account: str, amount_wei: int) -> int:
        """Return the penalty of leaving with an amount now."""
        return int(await self._read("penaltyOf", account, amount_wei))

    async def allowance_of_wei(self, account: str) -> int:
        """Return what an account could take out early in this epoch."""
        return int(await self._read("allowanceOf", account))

    async def schedule_of_wei(self, account: str) -> tuple[int, ...]:
        """Return what becomes releasable in each of the next 26 epochs."""
        return tuple(int(amount) for amount in await self._read("scheduleOf", account))

    async def exit_of(self, account: str) -> ExitRecord:
        """Return the announced exit of an account."""
        return ExitRecord(*await self.client.call(self.prepare("exitOf", account)))

    async def window_of_wei(self, epoch: int) -> tuple[int, int]:
        """Return how much may leave early in an epoch, and has left; zeros before its first."""
        cap, used = await self.client.call(self.prepare("windowOf", epoch))
        return int(cap), int(used)

    async def votes_owed_of_wei(self, account: str) -> int:
        """Return the change of votes that VotingPower has refused; it may be negative."""
        return int(await self._read("votesOwedOf", account))

    async def total_held_wei(self) -> int:
        """Return the liability towards all accounts."""
        return int(await self._read("totalHeld"))

    async def undistributed_wei(self) -> int:
        """Return penalty income that holders have not settled yet."""
        return int(await self._read("undistributed"))
