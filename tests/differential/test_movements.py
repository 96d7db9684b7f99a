"""An account's statement against the contracts: after any walk its sums are what the chain holds.

Money moves between wallets, into and out of the market, behind work, and through channels. The file
that the pages offer is made from the same events, and parsed as a stranger would parse it.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.differential.channel_world import NVY, ChannelWorld
from tests.differential.plain_evm import CHAIN_ID, account
from tests.unit.marketplace.market_events import batch_of, block_hash, times

from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.event_base import ChainEvent, LogMeta
from neurovoyance.chain.logs import RawLog, decode_log
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.dapp.statement import Statement
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.units import nvy
from neurovoyance.protocol.vouchers import Voucher

EXAMPLES = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3")) * 4
HELD_WEI = 10**27 // 4
DAY_S = 86_400
SALT = b"\7" * 32


class Recorded(ChannelWorld):
    """Two clients with one channel each to both providers, and every event from the first."""

    def __init__(self) -> None:
        self.events: list[ChainEvent] = []
        self.seen: Counter[str] = Counter()
        super().__init__()
        self.ids = [self.channel_id(client, SALT) for client in self.clients]
        self.funded = len(self.events)

    @property
    def parties(self) -> list[str]:
        return [*self.clients, *self.providers]

    def begin(self) -> None:
        self.evm.reset()
        del self.events[self.funded :]

    def _deploy(self) -> None:
        super()._deploy()
        execute = self.evm.execute

        def recording(sender: str, to: str, data: bytes) -> tuple[bool, bytes]:
            answer = execute(sender, to, data)
            for emitter, topics, payload in self.evm.logs:
                number = len(self.events) + 1
                where = (number, block_hash("a", number), block_hash("tx", number), 0)
                meta = LogMeta(parse_address(str(to_checksum_address(emitter))), *where)
                raw = RawLog(meta, tuple(topics), payload)
                if (event := decode_log(raw)) is not None:
                    self.events.append(event)
            return answer

        self.evm.execute = recording  # type: ignore[method-assign]

    def deployment(self) -> Deployment:
        found = (self.token.address, account(9), self.stakes.address, self.market.address)
        token, beacon, stakes, market = (parse_address(address) for address in found)
        channels = parse_address(self.channels.address)
        genesis = "0x" + "11" * 32
        return Deployment(CHAIN_ID, genesis, 1, token, beacon, stakes, market, channels=channels)

    # --- what may be done; refusals do nothing ---

    def act(self, name: str, one: int, other: int, wei: int) -> None:
        client, provider = self.clients[one % 2], self.providers[other % 2]
        terms = [(provider, wei, 20)]
        channel_id, payees = self.ids[one % 2], self.providers
        calls: dict[str, tuple[Any, ...]] = {
            "transfer": (self.token, self.parties[one], "transfer", self.parties[other], wei),
            "deposit": (self.market, client, "deposit", wei),
            "withdraw": (self.market, client, "withdraw", wei),
            "open": (self.channels, client, "open", SALT, terms),
            "top_up": (self.channels, client, "topUp", channel_id, terms),
            "close_side": (self.channels, provider, "closeSide", channel_id, provider),
            "notice": (self.channels, client, "requestClose", channel_id),
            "reclaim": (self.channels, client, "reclaim", channel_id, payees),
            "settle": (self.channels, client, "settle", channel_id, provider),
            "harvest": (self.market, provider, "harvest", provider),
            "stake": (self.stakes, provider, "stake", wei),
            "unbond": (self.stakes, provider, "requestUnbonding", wei),
        }
        if name == "wait":
            self.evm.now_s += DAY_S + 1
        elif name == "redeem":
            self._redeem(one % 2, other % 2, wei)
        else:
            contract, sender, function, *args = calls[name]
            self.seen[name] += contract.send(sender, function, *args).refusal is None

    def _redeem(self, one: int, other: int, wei: int) -> None:
        channel_id, payee = self.ids[one], self.providers[other]
        redeemed_wei = self.channels.ask("sideOf", channel_id, payee)[1]
        voucher = Voucher(
            channel_id=channel_id,
            payee=parse_address(payee),
            cumulative_wei=redeemed_wei + wei,
            receipts_root=bytes(32),
            max_leaf_wei=wei,
            expiry_s=self.evm.now_s + 600,
        )
        signature = self.sign(voucher, self.keys[one])
        answer = self.call(self.operators[other], "redeem", voucher.as_abi(), signature)
        self.seen["redeem"] += answer.refusal is None

    def holdings(self, party: str) -> dict[str, int]:
        """Return what views of the contracts say of a party, by place, but for zeros."""
        stake = self.stakes.ask("stakeOf", party)
        found = Counter(
            {
                "wallet": self.token.ask("balanceOf", party) - HELD_WEI,
                "free": self.market.ask("freeOf", party),
                "earned": self.market.ask("earnedOf", party),
                "stake": stake[0],
                "unbonding": stake[3],
            }
        )
        for one, channel_id in enumerate(self.ids):
            for payee in self.providers:
                side = self.channels.ask("sideOf", channel_id, payee)
                if party == self.clients[one]:
                    found["channel"] += side[0] - side[1]
                if party == payee:
                    waits = self.channels.ask("redemptionOf", channel_id, payee)
                    found["vouchers"] += waits[0] + waits[1]
        return {place: wei for place, wei in found.items() if wei}


WORLDS: list[Recorded] = []
ACTS = st.sampled_from(
    [
        *("transfer", "deposit", "withdraw", "open", "open", "top_up", "redeem", "redeem"),
        *("close_side", "notice", "reclaim", "settle", "harvest", "stake", "unbond", "wait"),
    ]
)
WEI = st.one_of(st.integers(1, 60 * NVY), st.just(1))
WALK = st.lists(st.tuples(ACTS, st.integers(0, 3), st.integers(0, 3), WEI), max_size=25)


def statement(database: Database, party: str) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(Statement(database, party).csv()).splitlines()))


def check(world: Recorded, folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'index.sqlite'}")
    try:
        store = IndexStore(database, world.deployment())
        end = len(world.events)
        to = Checkpoint(end, block_hash("a", end))
        store.apply(batch_of(Checkpoint(0, ""), world.events, to), times(world.events))
        Reading(database).totals()  # the books balance
        for party in world.parties:
            sums: Counter[str] = Counter()
            for row in statement(database, party):
                sign = -1 if row["amount_nvy"].startswith("-") else 1
                sums[row["place"]] += sign * nvy(row["amount_nvy"].removeprefix("-"))
            assert {place: wei for place, wei in sums.items() if wei} == world.holdings(party)
    finally:
        database.close()


def walk(steps: list[tuple[str, int, int, int]]) -> Recorded:
    if not WORLDS:
        WORLDS.append(Recorded())
    world = WORLDS[0]
    world.begin()
    for step in steps:
        world.act(*step)
    with tempfile.TemporaryDirectory() as folder:
        check(world, Path(folder))
    return world


@settings(max_examples=EXAMPLES, deadline=None)
@given(steps=WALK)
def test_sums_of_a_statement_are_what_the_contracts_hold(
    steps: list[tuple[str, int, int, int]],
) -> None:
    walk(steps)


def test_one_walk_comes_through_every_kind_of_movement() -> None:
    names = ["transfer", "deposit", "open", "top_up", "redeem", "wait", "settle", "harvest"]
    names += ["redeem", "stake", "unbond", "withdraw", "notice", "wait", "wait", "reclaim"]
    world = walk([(name, 0, 0, 3 * NVY) for name in names] + [("open", 1, 1, NVY)])
    assert {name for name in world.seen if world.seen[name]} >= {*names} - {"wait", "transfer"}
    walk([("open", 1, 1, NVY), ("close_side", 1, 1, 1), ("transfer", 0, 3, 5)])
