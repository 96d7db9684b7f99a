"""Parameters of the devnet's JSON-RPC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain.devnet_json import RpcFault, block_json, to_address, to_data, to_int
from neurovoyance.chain.evm_engine import EvmEngine


@pytest.mark.parametrize(("value", "number"), [("0x10", 16), (16, 16), ("16", 16), ("0x0", 0)])
def test_numbers_come_in_three_forms(value: object, number: int) -> None:
    assert to_int(value) == number


@pytest.mark.parametrize("value", [True, None, -1, 1.5, "x", [], {}, "0x"])
def test_other_values_are_wrong_parameters(value: object) -> None:
    with pytest.raises(RpcFault) as caught:
        to_int(value)
    assert caught.value.code == -32602


@given(st.binary(max_size=40))
def test_data_round_trips(data: bytes) -> None:
    assert to_data("0x" + data.hex()) == data


@pytest.mark.parametrize("value", ["0x12", "zz", None, "0x" + "00" * 21])
def test_addresses_have_twenty_bytes(value: object) -> None:
    with pytest.raises(RpcFault):
        to_address(value)


def test_a_block_has_what_clients_read() -> None:
    shown = block_json(EvmEngine(chain_id=31337, funded=[]).head, 31337, False)
    assert shown["number"] == "0x0"
    assert {"hash", "parentHash", "timestamp", "baseFeePerGas", "transactions"} <= shown.keys()
    assert len(shown["logsBloom"]) == 514
