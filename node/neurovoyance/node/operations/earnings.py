"""A provider's ledger from chain events, kept up to date, and compared with the contracts.

Place: above ``ledger``, which holds the rules; used by ``neurovoyance node earnings``, the status
screen and the metrics. Events are found by the provider's address in any indexed place. The last
blocks are read anew each time, so a reorganisation corrects itself. Never: a balance that is only
remembered, or a gap that does not show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurovoyance.chain._generated_events import EVENT_CLASSES
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.history import Topic, events_matching
from neurovoyance.node.operations.ledger import HANDLED, Ledger, Pocket, Row
from neurovoyance.protocol.ids import hex_of

UNSETTLED_BLOCKS = 64
"""So many blocks are read again each time: what a reorganisation could still change."""

_TOPICS = [hex_of(topic) for topic, kind in EVENT_CLASSES.items() if kind.solidity_name in HANDLED]
_WITHOUT_PROVIDER = [
    hex_of(topic) for topic, kind in EVENT_CLASSES.items() if kind.solidity_name == "SlashReduced"
]


@dataclass(frozen=True, slots=True)
class PocketCheck:
    """One pocket: what the events say and what the contract holds, wei."""

    pocket: Pocket
    events_wei: int
    contract_wei: int

    @property
    def gap_wei(self) -> int:
        """Return what the contract holds more than the events explain."""
        return self.contract_wei - self.events_wei


class Earnings:
    """Reads the ledger of one provider.

    Args:
        contracts: of the deployment.
        provider: the owner's address.
    """

    def __init__(self, contracts: Contracts, provider: str) -> None:
        self._contracts = contracts
        self._provider = provider
        self._settled: list[ChainEvent] = []
        self._next_block = contracts.deployment.deploy_block

    async def ledger(self) -> Ledger:
        """Return the account up to the latest block.

        Raises:
            RpcError: the chain cannot be read; asking again is safe.
        """
        head = await self._contracts.client.block_number()
        found = await self._events(self._next_block, head)
        last_settled = head - UNSETTLED_BLOCKS
        ledger = Ledger(self._provider, has_economy=self._contracts.has_economy)
        ledger.add([*self._settled, *found])
        if last_settled >= self._next_block:
            self._settled += [e for e in found if e.meta.block_number <= last_settled]
            self._next_block = last_settled + 1
        return ledger

    async def checked(self, ledger: Ledger) -> list[PocketCheck]:
        """Compare the ledger with the balances of the contracts.

        What was paid out and what a finder got are not among them: both mix with other money.
        """
        contracts, provider, said = self._contracts, self._provider, ledger.pockets_wei()
        stake = await contracts.stakes.stake_of(provider)
        held = {
            Pocket.EARNED: await contracts.market.earned_of_wei(provider),
            Pocket.STAKE: stake.own_wei + stake.unbonding_wei,
        }
        if contracts.has_economy:
            router, vault = contracts.fee_router, contracts.vault
            held[Pocket.FEES] = await router.unharvested_of_wei(provider)
            held[Pocket.OWED] = await router.vesting_owed_of_wei(provider)
            held[Pocket.VESTING] = await vault.held_of_wei(provider)
        return [PocketCheck(pocket, said[pocket], wei) for pocket, wei in held.items()]

    async def timed(self, rows: list[Row]) -> list[Row]:
        """Return rows with the time of their blocks."""
        times: dict[int, int] = {}
        for row in rows:
            if row.block not in times:
                block = await self._contracts.client.block(row.block)
                times[row.block] = block.timestamp_s
        return [replace(row, time_s=times[row.block]) for row in rows]

    async def _events(self, first: int, last: int) -> list[ChainEvent]:
        word = "0x" + bytes.fromhex(self._provider.removeprefix("0x")).rjust(32, b"\0").hex()
        filters: list[list[Topic]] = [[_WITHOUT_PROVIDER]]
        filters += [[_TOPICS, *[None] * place, word] for place in range(3)]
        client = self._contracts.client
        addresses = self._contracts.deployment.contract_addresses()
        found: dict[tuple[int, int], ChainEvent] = {}
        for topics in filters:
            for event in await events_matching(client, addresses, topics, first, last):
                found[event.meta.block_number, event.meta.log_index] = event
        return [found[place] for place in sorted(found)]
