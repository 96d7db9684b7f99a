"""Everything that the screen of ``neurovoyance node status`` shows, gathered at one moment.

Place: under ``node_status``; ``status_words`` says what it means, ``status_screen`` draws it. The
node's public answer, what only its owner may know, and the money from the chain; what cannot be had
is None, with the reason in ``missing``. Never: a password, or a balance that is only remembered.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurovoyance.protocol.errors import ChainError, ConfigError, NeurovoyanceError

if TYPE_CHECKING:
    from neurovoyance.chain.contracts import Contracts
    from neurovoyance.node.settings import NodeSettings

MAX_ANSWER_BYTES = 1 << 20
CLAIM_FIRST_EPOCHS = 2
CLAIM_LAST_EPOCHS = 9


@dataclass(slots=True)
class Money:
    """A provider's money, wei; times are unix seconds of chain time.

    Attributes:
        fees_wei: earned, before the split; taken at once by a harvest.
        releasable_wei, vesting_wei: in the vault, due now and later.
        next_vest_s, next_vest_wei: when the next part of it is due.
        claimable_wei: emission of past weeks that nobody claimed yet.
        unbonding_ready_s: when what unbonds can be withdrawn.
        income_wei: earned since ever, by reason.
        of_job: by job id, what it brought and why.
    """

    own_wei: int
    locked_wei: int
    unbonding_wei: int
    unbonding_ready_s: int
    fees_wei: int
    releasable_wei: int = 0
    vesting_wei: int = 0
    next_vest_s: int = 0
    next_vest_wei: int = 0
    claimable_wei: int = 0
    income_wei: dict[str, int] = field(default_factory=dict)
    of_job: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    chain_time_s: int = 0
    lag_s: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the money as JSON values, wei as decimal strings."""
        names = [name for name in self.__slots__ if name.endswith("_wei") and name != "income_wei"]
        return {
            **{name: str(getattr(self, name)) for name in names},
            "income_wei": {reason: str(wei) for reason, wei in self.income_wei.items()},
            "unbonding_ready_s": self.unbonding_ready_s,
            "next_vest_s": self.next_vest_s,
            "chain_time_s": self.chain_time_s,
            "lag_s": self.lag_s,
        }


@dataclass(slots=True)
class Facts:
    """One look at a node.

    Attributes:
        answer: of the node's public API.
        owner: of the owner's API; None on another machine.
        money: from the chain; None where it cannot be read.
        missing: why something is None.
    """

    url: str
    answer: dict[str, Any]
    owner: dict[str, Any] | None = None
    money: Money | None = None
    missing: list[str] = field(default_factory=list)


class Looker:
    """Looks at a node again and again; keeps what the chain's past told.

    Args:
        url: of the node.
        settings: of the node if it is ours; None for somebody else's.
        contracts: to read money from; None where no chain is known.
    """

    def __init__(
        self, url: str, settings: NodeSettings | None, contracts: Contracts | None
    ) -> None:
        self._url = url.rstrip("/")
        self._settings = settings
        self._contracts = contracts
        self._earnings: Any = None

    async def look(self) -> Facts:
        """Return what is the case now.

        Raises:
            Unreachable: the node does not answer.
        """
        facts = Facts(self._url, await ask_public(self._url))
        if self._settings is not None:
            facts.owner = await self._owner(facts)
        if self._contracts is None:
            facts.missing.append("No chain is known here, so money is not shown.")
            return facts
        try:
            facts.money = await self._money(self._contracts, str(facts.answer["provider"]))
        except ChainError as error:
            facts.missing.append(f"The money cannot be read: {error.message}")
        return facts

    async def _owner(self, facts: Facts) -> dict[str, Any] | None:
        from neurovoyance.cli.node_control import ask_owner

        try:
            return await asyncio.to_thread(ask_owner, self._settings)
        except NeurovoyanceError as error:
            facts.missing.append(f"What the owner may know cannot be had: {error.message}")
            return None

    async def _money(self, contracts: Contracts, provider: str) -> Money:
        from neurovoyance.node.operations.earnings import Earnings

        if self._earnings is None:
            self._earnings = Earnings(contracts, provider)
        block = await contracts.client.block()
        stake = await contracts.stakes.stake_of(provider)
        ledger = await self._earnings.ledger()
        money = Money(
            own_wei=stake.own_wei,
            locked_wei=stake.locked_wei,
            unbonding_wei=stake.unbonding_wei,
            unbonding_ready_s=stake.unbonding_ready_at_s,
            fees_wei=await contracts.earned_of_wei(provider),
            income_wei={reason.value: wei for reason, wei in ledger.income_wei().items()},
            chain_time_s=block.timestamp_s,
            lag_s=int(time.time()) - block.timestamp_s,
        )
        for row in ledger.rows:
            if row.income_wei and row.subject.startswith("0x"):
                money.of_job.setdefault(row.subject, []).append((row.reason.value, row.income_wei))
        if contracts.has_economy:
            await _add_vesting(money, contracts, provider)
        return money


async def _add_vesting(money: Money, contracts: Contracts, provider: str) -> None:
    from neurovoyance.chain.rewards import EPOCH_S

    vault, epoch = contracts.vault, money.chain_time_s // EPOCH_S
    money.releasable_wei = await vault.releasable_of_wei(provider)
    money.vesting_wei = await vault.unvested_of_wei(provider)
    if money.vesting_wei:
        schedule = await vault.schedule_of_wei(provider)
        weeks, money.next_vest_wei = next(
            ((week, wei) for week, wei in enumerate(schedule) if wei), (0, 0)
        )
        money.next_vest_s = (epoch + 1 + weeks) * EPOCH_S
    for past in range(max(0, epoch - CLAIM_LAST_EPOCHS), epoch - CLAIM_FIRST_EPOCHS + 1):
        if (await contracts.emission.weight_of(provider, past)).is_registered:
            reward = await contracts.emission.reward_of(provider, past)
            money.claimable_wei += reward.work_wei + reward.avail_wei - reward.delegated_wei


async def ask_public(base: str) -> dict[str, Any]:
    """Return status and executions of a node.

    Raises:
        Unreachable: it does not answer.
    """
    import json

    import aiohttp

    from neurovoyance.protocol.errors import Unreachable

    answers: dict[str, Any] = {}
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            for name in ("status", "executions"):
                async with session.get(f"{base}/v1/{name}", allow_redirects=False) as response:
                    response.raise_for_status()
                    answers[name] = json.loads(await response.content.read(MAX_ANSWER_BYTES))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unreachable(
            f"The node at {base} does not answer: {str(error) or type(error).__name__}.",
            hint="Start it with `neurovoyance node start`; its log says why it ended.",
            url=base,
        ) from error
    return {**answers["status"], **answers["executions"]}


def url_of(settings: NodeSettings) -> str:
    """Return where the node of some settings answers from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.listen_host, settings.listen_host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.listen_port}"


def require_settings(settings: NodeSettings | None, home: Path) -> NodeSettings:
    """Return the settings; ConfigError where there are none and no URL was named."""
    if settings is None:
        raise ConfigError(
            f"There are no node settings at {home / 'node' / 'node.toml'}.",
            hint="Make them with `neurovoyance node init`, or name a file with --config.",
            faults=["node.toml: missing"],
        )
    return settings
