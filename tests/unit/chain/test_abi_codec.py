"""Calls and results against the exported interfaces."""

from __future__ import annotations

from typing import Any

import pytest

from neurovoyance.chain.abi_codec import (
    CONTRACT_NAMES,
    Call,
    contract_abi,
    decode_values,
    encode_values,
    parse_abi,
)
from neurovoyance.protocol.errors import ConfigError, InternalError, RpcError, SpecError

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
STRING = [{"name": "s", "type": "string"}]


def test_every_contract_is_exported_with_code() -> None:
    for name in CONTRACT_NAMES:
        abi = contract_abi(name)
        assert abi.name == name
        assert len(abi.bytecode) > 100


def test_a_call_has_the_well_known_selector() -> None:
    call = Call(contract_abi("ComputeToken"), ADDRESS, "transfer", (ADDRESS, 1))
    assert call.data[:4].hex() == "a9059cbb"
    assert len(call.data) == 68
    assert call.label == "ComputeToken.transfer"


@pytest.mark.parametrize(
    "args", [(ADDRESS,), (ADDRESS, -1), (ADDRESS, 2**256), ("x", 1), (ADDRESS, "1")]
)
def test_arguments_that_do_not_fit_are_refused(args: tuple[object, ...]) -> None:
    with pytest.raises(SpecError, match="do not fit"):
        contract_abi("ComputeToken").encode_call("transfer", args)


def test_an_unknown_function_is_our_defect() -> None:
    with pytest.raises(InternalError, match="no function mint"):
        contract_abi("ComputeToken").encode_call("mint", ())


def test_results_that_do_not_fit_are_an_rpc_error() -> None:
    for raw in (b"", b"\x01", bytes(31)):
        with pytest.raises(RpcError, match="does not have the shape"):
            contract_abi("ComputeToken").decode_result("balanceOf", raw)


def test_addresses_inside_structures_are_checksummed() -> None:
    params: list[dict[str, Any]] = [
        {"name": "t", "type": "tuple[]", "components": [{"name": "a", "type": "address"}]},
        {"name": "l", "type": "address[2]"},
    ]
    values = ([(ADDRESS.lower(),)], [ADDRESS.lower(), ADDRESS.lower()])
    raw = encode_values(params, values, "test")
    assert decode_values(params, raw, "test") == (((ADDRESS,),), (ADDRESS, ADDRESS))


def test_broken_text_is_replaced_not_refused() -> None:
    raw = encode_values([{"name": "s", "type": "bytes"}], (b"ok\xff",), "test")
    assert decode_values(STRING, raw, "test") == ("ok\ufffd",)


def test_overloads_are_told_apart_by_their_types() -> None:
    plain = {"type": "function", "name": "f", "inputs": [], "outputs": []}
    other = {**plain, "inputs": [{"name": "a", "type": "address"}]}
    alone = {**plain, "name": "g"}
    abi = parse_abi({"name": "X", "abi": [plain, other, alone], "bytecode": "0x"})
    assert set(abi.functions) == {"f()", "f(address)", "g"}
    assert abi.encode_call("f()", ()) != abi.encode_call("f(address)", (ADDRESS,))[:4]


def test_damage_is_refused() -> None:
    with pytest.raises(ConfigError, match="damaged"):
        parse_abi({"name": "X"})


def test_a_missing_contract_is_named() -> None:
    with pytest.raises(ConfigError, match="Nowhere"):
        contract_abi("Nowhere")
