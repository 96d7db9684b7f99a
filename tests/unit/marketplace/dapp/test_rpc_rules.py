"""Only what a wallet needs passes, and nothing that is sent breaks the rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.marketplace.dapp.rpc_rules import (
    BAD_PARAMS,
    INVALID,
    LIMIT,
    NO_METHOD,
    READS,
    SEND,
    RpcCall,
    RpcFault,
    parse_body,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def call(method: Any = "eth_chainId", params: Any = (), **changes: Any) -> dict[str, Any]:
    found = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, **changes}
    return {name: value for name, value in found.items() if value is not ...}


def first(request: Any, head: int = 100) -> RpcCall | RpcFault:
    return parse_body(json.dumps(request).encode(), head).items[0]


@pytest.mark.parametrize("method", [*sorted(READS - {"eth_getLogs"}), SEND])
def test_what_wallets_need_passes(method: str) -> None:
    assert first(call(method, ["0x1"])) == RpcCall(1, method, ["0x1"])


@pytest.mark.parametrize(
    "method", ["eth_sendTransaction", "eth_sign", "evm_mine", "debug_traceCall", "admin_peers", ""]
)
def test_what_controls_or_signs_does_not(method: str) -> None:
    fault = first(call(method))
    assert isinstance(fault, RpcFault)
    assert (fault.id, fault.code) == (1, NO_METHOD)


@pytest.mark.parametrize(
    "request_",
    [
        3,
        "eth_chainId",
        [],
        {},
        call(jsonrpc="1.0"),
        call(id=...),
        call(id=None),
        call(id=True),
        call(id={}),
        call(method=7),
        call(params={"a": 1}),
    ],
)
def test_what_is_malformed_is_named_so(request_: Any) -> None:
    fault = first(request_)
    assert isinstance(fault, RpcFault)
    assert fault.code == INVALID
    assert fault.answer()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5_000])
def test_what_is_no_json_is_one_refusal(body: bytes) -> None:
    (fault,) = parse_body(body, 0).items
    assert isinstance(fault, RpcFault)
    assert (fault.code, fault.id) == (INVALID, None)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"fromBlock": "0x0", "toBlock": "0x270f"}, None),
        ({"fromBlock": "0x0", "toBlock": "0x2710"}, LIMIT),
        ({"fromBlock": "earliest"}, LIMIT),
        ({"fromBlock": "0x7530"}, None),
        ({"fromBlock": "latest"}, None),
        ({"blockHash": "0x" + "11" * 32}, None),
        ({"fromBlock": 5}, BAD_PARAMS),
        ({"toBlock": "0xzz"}, BAD_PARAMS),
        ({"toBlock": "0x" + "f" * 40}, BAD_PARAMS),
        ({}, None),
        ([], BAD_PARAMS),
    ],
)
def test_a_question_for_logs_has_a_bounded_range(wanted: Any, code: int | None) -> None:
    found = first(call("eth_getLogs", [wanted]), head=30_000)
    assert (found.code if isinstance(found, RpcFault) else None) == code


def test_a_batch_keeps_its_order_and_its_faults() -> None:
    body = parse_body(json.dumps([call(), 4, call("eth_accounts", id="x")]).encode(), 0)
    assert body.is_batch
    assert [getattr(item, "code", None) for item in body.items] == [None, INVALID, NO_METHOD]
    assert body.items[2].id == "x"


@settings(max_examples=50)
@given(JSON | st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "id": JSON, "method": JSON}))
def test_every_item_is_a_call_of_the_list_or_a_fault(request: Any) -> None:
    body = parse_body(json.dumps(request).encode(), 5)
    assert body.items
    for item in body.items:
        assert isinstance(item, RpcFault) or item.method in READS | {SEND}
