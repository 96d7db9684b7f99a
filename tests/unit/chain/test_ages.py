"""Transactions age by clocks that nobody sets, through restarts and jumps of the wall clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain.ages import Ages
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.fees import FeePolicy, Fees
from neurovoyance.chain.nonces import Intent, TxJournal
from neurovoyance.chain.tending import PendingTransactions

WALLET = devnet_wallet(0)
INTENT = Intent(WALLET.address, b"", 5, "transfer")
STUCK_S = 45.0
NOW_S = 1_700_000_000


class Clock:
    def __init__(self, at_s: float = 0.0) -> None:
        self.at_s = at_s

    def __call__(self) -> float:
        return self.at_s


@given(st.floats(-1e9, 1e9), st.lists(st.integers(0, 10**6), max_size=8))
def test_a_form_ages_by_what_it_waited_before_and_by_the_clock(
    waited_s: float, steps: list[int]
) -> None:
    clock = Clock(5.0)
    ages = Ages(clock)
    assert ages.age_s("0x1") is None
    ages.begin("0x1", waited_s)
    for step in steps:
        clock.at_s += step
        ages.begin("0x1")  # counted already
    found = ages.age_s("0x1")
    assert found == pytest.approx(max(0.0, waited_s) + sum(steps), abs=1e-3)


def test_only_so_many_are_kept() -> None:
    ages = Ages(Clock())
    for number in range(5_000):
        ages.begin(hex(number))
    assert ages.age_s(hex(0)) is None
    assert ages.age_s(hex(4_999)) == 0.0


class Chain:
    """An endpoint whose pool holds everything, and that never mines; keeps what was sent."""

    chain_id = 31337

    def __init__(self) -> None:
        self.time_s = NOW_S
        self.sent: list[str] = []

    async def request(self, method: str, _params: list[Any]) -> Any:
        answers = {
            "eth_getTransactionCount": "0x0",
            "eth_getTransactionByHash": {},
            "eth_getBlockByNumber": {"timestamp": hex(self.time_s), "baseFeePerGas": "0x5"},
            "eth_maxPriorityFeePerGas": "0x1",
        }
        return answers[method]

    async def request_all(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        return [await self.request(*call) for call in calls]

    async def broadcast(self, _method: str, params: list[str]) -> None:
        self.sent.append(params[0])


class Process:
    """One run of a program: a journal that lasts, and a clock of its own."""

    def __init__(self, chain: Chain, folder: Path) -> None:
        self.clock = Clock()
        self.journal = TxJournal(folder / "tx.sqlite", chain_id=31337, genesis_hash="0x01")
        policy: Any = FeePolicy(stuck_after_s=STUCK_S)
        rpc: Any = chain
        self.pending = PendingTransactions(rpc, self.journal, policy, 1, self.clock)

    async def send(self) -> None:
        await self.pending.fee_inputs()
        fees = Fees(100, 1)
        signed = self.pending.sign(INTENT, WALLET, 0, 21_000, fees)
        made_s = self.pending.chain_time_s
        self.journal.record(WALLET.address, "key", 0, INTENT, 21_000, signed, fees, made_s)

    async def forms(self) -> int:
        """Tend once; return how many forms the transaction has then."""
        await self.pending.tend(WALLET)
        [row] = self.journal.pending(WALLET.address)
        return len(row.attempts)


@pytest.mark.parametrize("jump_s", [-(10**9), 10**9])
async def test_a_jump_of_the_wall_clock_neither_hastens_nor_delays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    process = Process(Chain(), tmp_path)
    await process.send()
    monkeypatch.setattr("time.time", lambda: NOW_S + jump_s)
    process.clock.at_s = STUCK_S - 1
    assert await process.forms() == 1
    process.clock.at_s = STUCK_S
    assert await process.forms() == 2
    assert await process.forms() == 2, "the new form is young"
    process.journal.close()


async def test_a_restart_goes_on_from_chain_time(tmp_path: Path) -> None:
    chain = Chain()
    first = Process(chain, tmp_path)
    await first.send()
    first.journal.close()
    chain.time_s = NOW_S + 40
    second = Process(chain, tmp_path)
    assert await second.forms() == 1
    second.clock.at_s = 4.9
    assert await second.forms() == 1
    second.clock.at_s = 5.0
    assert await second.forms() == 2
    second.journal.close()


async def test_a_chain_behind_the_journal_makes_nothing_old(tmp_path: Path) -> None:
    chain = Chain()
    first = Process(chain, tmp_path)
    await first.send()
    first.journal.close()
    chain.time_s = NOW_S - 10**6
    second = Process(chain, tmp_path)
    assert await second.forms() == 1
    second.clock.at_s = STUCK_S
    assert await second.forms() == 2
    second.journal.close()
