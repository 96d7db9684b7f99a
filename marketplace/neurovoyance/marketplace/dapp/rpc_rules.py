"""What a wallet may ask of the chain through this service: pure rules of JSON-RPC requests.

Place: under ``rpc_routes``. Reads that wallets and libraries need, and sending what was signed
elsewhere. Never: a method that signs, controls or traces a node.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

BODY_MAX_BYTES = 256 * 1024
CALLS_MAX = 20
LOG_RANGE_MAX_BLOCKS = 10_000
SEND = "eth_sendRawTransaction"
READS = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_gasPrice",
        "eth_getBalance",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getCode",
        "eth_getLogs",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_maxPriorityFeePerGas",
        "net_version",
        "web3_clientVersion",
    }
)
INVALID, NO_METHOD, BAD_PARAMS, LIMIT = -32600, -32601, -32602, -32005
_PARAMS_MAX = 8
_HEAD_TAGS = frozenset({"latest", "pending", "safe", "finalized"})

RpcId = str | int | float | None


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One call that may be passed on."""

    id: RpcId
    method: str
    params: list[Any]


@dataclass(frozen=True, slots=True)
class RpcFault:
    """One call that may not, as its answer says it."""

    id: RpcId
    code: int
    message: str
    data: Any = None

    def answer(self) -> dict[str, Any]:
        """Return the JSON-RPC answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": self.id, "error": error}


@dataclass(frozen=True, slots=True)
class RpcBody:
    """What a body asks for; a batch is answered with a list."""

    items: tuple[RpcCall | RpcFault, ...]
    is_batch: bool


def parse_body(body: bytes, head: int) -> RpcBody:
    """Return the calls of a body, each allowed or refused; a malformed body is one refusal.

    Args:
        body: as it was sent.
        head: the newest block known, for ranges that end at it; below 0 if none is.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return RpcBody((RpcFault(None, INVALID, "The request is not JSON."),), False)
    if not isinstance(found, list):
        return RpcBody((_checked(found, head),), False)
    if not found:
        return RpcBody((RpcFault(None, INVALID, "The batch is empty."),), False)
    return RpcBody(tuple(_checked(item, head) for item in found), True)


def _checked(item: Any, head: int) -> RpcCall | RpcFault:
    if not isinstance(item, dict) or item.get("jsonrpc") != "2.0":
        return RpcFault(None, INVALID, "The request is not a JSON-RPC 2.0 object.")
    given = item.get("id")
    if given is None or isinstance(given, bool) or not isinstance(given, str | int | float):
        return RpcFault(None, INVALID, "id: a string or a number is needed.")
    method, params = item.get("method"), item.get("params", [])
    if not isinstance(method, str):
        return RpcFault(given, INVALID, "method: a string is needed.")
    if not isinstance(params, list):
        return RpcFault(given, INVALID, "params: a list is needed.")
    if method not in READS and method != SEND:
        shown = method[:64]
        return RpcFault(given, NO_METHOD, f"The method {shown} is not available here.")
    if len(params) > _PARAMS_MAX:
        return RpcFault(given, BAD_PARAMS, f"params: more than {_PARAMS_MAX}.")
    if method == "eth_getLogs" and (why := _log_fault(params, head)):
        return RpcFault(given, *why)
    return RpcCall(given, method, params)


def _log_fault(params: list[Any], head: int) -> tuple[int, str] | None:
    """Return why a question for logs is refused: its range has to be known and bounded."""
    if len(params) != 1 or not isinstance(params[0], dict):
        return BAD_PARAMS, "params: one filter object is needed."
    wanted = params[0]
    if wanted.get("blockHash") is not None:
        return None
    first = _block(wanted.get("fromBlock"), head)
    last = _block(wanted.get("toBlock"), head)
    if first is None or last is None:
        return BAD_PARAMS, "fromBlock and toBlock: a block number in hex, or a tag, is needed."
    if last - first >= LOG_RANGE_MAX_BLOCKS:
        return LIMIT, f"query exceeds max block range {LOG_RANGE_MAX_BLOCKS}"
    return None


def _block(tag: Any, head: int) -> int | None:
    if tag is None or (isinstance(tag, str) and tag in _HEAD_TAGS):
        return max(0, head)
    if tag == "earliest":
        return 0
    if not isinstance(tag, str) or not tag.startswith("0x") or len(tag) > 18:
        return None
    try:
        return int(tag, 16)
    except ValueError:
        return None
