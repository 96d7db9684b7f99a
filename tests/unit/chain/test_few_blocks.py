"""The few blocks after a known one: asked by hash, empty ones not asked at all, nothing torn."""

from __future__ import annotations

from typing import Any, cast

import pytest

from neurovoyance.chain.client import Block, ChainClient, parse_block
from neurovoyance.chain.few_blocks import STEP_MAX_BLOCKS, LogFilter, blocks_between, logs_of_block
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.protocol.errors import RpcError

ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
OTHER = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
TOPIC = "0x" + "ab" * 32
WANTED = LogFilter((ADDRESS,), (TOPIC,))
EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


def hash_of(number: int) -> str:
    return f"0x{number:064x}"


def header(number: int, **changes: Any) -> dict[str, Any]:
    parts = {"number": hex(number), "hash": hash_of(number), "parentHash": hash_of(number - 1)}
    return {**parts, "timestamp": "0x1", **changes}


def log(index: int, block: int, **changes: Any) -> dict[str, Any]:
    place = {"blockNumber": hex(block), "blockHash": hash_of(block), "logIndex": hex(index)}
    rest = {"address": ADDRESS, "transactionHash": hash_of(99), "topics": [TOPIC], "data": "0x"}
    return {**place, **rest, **changes}


class Rpc:
    """Answers from blocks and logs by hash, and counts what is asked."""

    def __init__(self, logs: Any = None, **blocks: dict[str, Any] | None) -> None:
        self.logs = logs
        self.blocks = blocks
        self.asked: list[tuple[str, Any]] = []

    async def request(self, method: str, params: list[Any]) -> Any:
        self.asked.append((method, params[0]))
        if method == "eth_getLogs":
            if isinstance(self.logs, Exception):
                raise self.logs
            return self.logs
        return self.blocks.get(f"b{int(params[0], 16)}")

    @property
    def client(self) -> ChainClient:
        rpc = self

        class Client:
            def __init__(self) -> None:
                self.rpc = rpc

        return cast(ChainClient, Client())


HEAD = parse_block(header(12))


async def between(rpc: Rpc, known: int, known_hash: str | None = None) -> list[int] | None:
    found = await blocks_between(rpc.client, known, known_hash or hash_of(known), HEAD)
    return None if found is None else [block.number for block in found]


async def test_one_block_further_needs_no_question() -> None:
    rpc = Rpc()
    assert await between(rpc, 11) == [12]
    assert rpc.asked == []


async def test_parents_are_followed_to_the_known_block() -> None:
    rpc = Rpc(b11=header(11), b10=header(10))
    assert await between(rpc, 12 - STEP_MAX_BLOCKS) == [10, 11, 12]
    assert rpc.asked == [("eth_getBlockByHash", hash_of(number)) for number in (11, 10)]


@pytest.mark.parametrize("known", [12, 13, 12 - STEP_MAX_BLOCKS - 1])
async def test_no_step_and_a_long_one_are_left_to_others(known: int) -> None:
    rpc = Rpc()
    assert await between(rpc, known) is None
    assert rpc.asked == []


async def test_a_known_block_that_was_replaced_or_is_lost_gives_nothing() -> None:
    assert await between(Rpc(), 11, hash_of(77)) is None
    assert await between(Rpc(b11=header(11)), 10, hash_of(77)) is None
    assert await between(Rpc(b11=None), 10) is None


@pytest.mark.parametrize("wrong", [header(11, hash=hash_of(5)), header(9, hash=hash_of(11)), "no"])
async def test_an_endpoint_that_answers_another_block_is_refused(wrong: Any) -> None:
    with pytest.raises(RpcError):
        await between(Rpc(b11=wrong), 10)


def test_only_a_header_that_proves_it_is_empty() -> None:
    def is_empty(**members: Any) -> bool:
        return parse_block(header(3, **members)).is_empty

    assert is_empty(transactions=[], transactionsRoot=EMPTY_ROOT)
    assert not is_empty(transactions=[], transactionsRoot=hash_of(1))
    assert not is_empty(transactions=[hash_of(1)], transactionsRoot=EMPTY_ROOT)
    assert not is_empty(transactionsRoot=EMPTY_ROOT)


async def test_an_empty_block_is_not_asked_for_logs() -> None:
    rpc = Rpc(logs=RpcRefused("eth_getLogs", -1, "never asked"))
    empty = Block(12, hash_of(12), hash_of(11), 1, 0, is_empty=True)
    assert await logs_of_block(rpc.client, empty, WANTED) == []
    assert rpc.asked == []


async def test_logs_are_asked_by_hash_and_come_once_and_in_order() -> None:
    removed = log(7, 12, removed=True)
    rpc = Rpc(logs=[log(4, 12), log(2, 12), log(4, 12), removed])
    found = await logs_of_block(rpc.client, HEAD, WANTED)
    assert found is not None
    assert [item.meta.log_index for item in found] == [2, 4]
    [(_, asked)] = rpc.asked
    assert asked == {"blockHash": HEAD.hash, "address": [ADDRESS], "topics": [[TOPIC]]}


@pytest.mark.parametrize("wrong", [log(1, 11), log(1, 12, address=OTHER)])
async def test_logs_of_other_blocks_and_contracts_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RpcError, match="not asked for"):
        await logs_of_block(Rpc(logs=[wrong]).client, HEAD, WANTED)


async def test_a_block_that_the_endpoint_lacks_gives_nothing() -> None:
    rpc = Rpc(logs=RpcRefused("eth_getLogs", -32000, "unknown block"))
    assert await logs_of_block(rpc.client, HEAD, WANTED) is None
