"""The few blocks after a known one, each with exactly its own logs.

Place: under ``events``, for a reader that keeps up with the chain. Everything is asked by hash, so
nothing can be torn by a reorganisation or by endpoints that disagree: an endpoint has the block or
it has not. A block without transactions has no logs and is not asked for any. Never: a block whose
line of parents does not end at the known one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain.client import Block, ChainClient, parse_block
from neurovoyance.chain.logs import RawLog, parse_log
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.protocol.errors import RpcError

STEP_MAX_BLOCKS = 3
"""Further behind, one question about a range costs less than one for each block."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Whose logs are wanted: checksummed addresses, and topics as 32 bytes of hex."""

    addresses: tuple[str, ...]
    topics: tuple[str, ...]


async def blocks_between(
    client: ChainClient, known_number: int, known_hash: str, head: Block
) -> list[Block] | None:
    """Return the blocks after a known one up to ``head``, oldest first.

    None when there are none or too many, when the known block is not their ancestor, or when the
    endpoint lost them: then more has to be asked than this.

    Raises:
        RpcError: no endpoint answers properly.
    """
    if not 0 < head.number - known_number <= STEP_MAX_BLOCKS:
        return None
    found = [head]
    while found[-1].number > known_number + 1:
        parent_hash = found[-1].parent_hash
        raw = await client.rpc.request("eth_getBlockByHash", [parent_hash, False])
        if raw is None:
            return None
        block = parse_block(raw)
        if block.hash != parent_hash or block.number != found[-1].number - 1:
            raise RpcError("The RPC endpoint answered with another block than was asked for.")
        found.append(block)
    return found[::-1] if found[-1].parent_hash == known_hash else None


async def logs_of_block(
    client: ChainClient, block: Block, wanted: LogFilter
) -> list[RawLog] | None:
    """Return the logs of one block in their order; None when the endpoint does not have the block.

    Raises:
        RpcError: no endpoint answers, or one answers with logs that were not asked for.
    """
    if block.is_empty:
        return []
    asked: dict[str, Any] = {
        "blockHash": block.hash,
        "address": list(wanted.addresses),
        "topics": [list(wanted.topics)],
    }
    try:
        raw = await client.rpc.request("eth_getLogs", [asked])
    except RpcRefused:
        return None  # replaced meanwhile, not known to this endpoint, or asked in a way it lacks
    unique: dict[int, RawLog] = {}
    for item in wire.sequence(raw, "logs"):
        if isinstance(item, dict) and item.get("removed") is True:
            continue
        log = parse_log(item)
        if log.meta.block_hash != block.hash or log.meta.address not in wanted.addresses:
            raise RpcError("The RPC endpoint answered with logs that were not asked for.")
        unique[log.meta.log_index] = log
    return [unique[index] for index in sorted(unique)]
