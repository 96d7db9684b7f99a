"""Every Solidity error is one Python class, and every class one Solidity error."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain import reverts
from neurovoyance.chain.abi_codec import CONTRACT_NAMES, contract_abi, error_selector
from neurovoyance.chain.codegen import class_name, snake_case
from neurovoyance.chain.event_types import ENUMS
from neurovoyance.chain.reverts import (
    KNOWN_REVERTS,
    ERC20InsufficientBalance,
    JobMarketBadSpec,
    JobMarketWrongState,
    KnownRevert,
    RevertedWithReason,
    SolidityPanic,
    decode_revert,
    encode_revert,
    revert_data,
)
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.protocol.errors import ContractRevert, UnknownRevert
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.lifecycle import JobState

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ENTRIES = {
    error_selector(entry): entry
    for name in CONTRACT_NAMES
    for entry in contract_abi(name).errors.values()
}


def test_the_abis_and_the_classes_name_the_same_errors() -> None:
    assert set(ENTRIES) == set(KNOWN_REVERTS)
    for selector, entry in ENTRIES.items():
        cls = KNOWN_REVERTS[selector]
        assert cls.__name__ == class_name(entry["name"])
        assert cls.solidity_name == entry["name"]
        assert cls.value_names == tuple(snake_case(i["name"]) for i in entry["inputs"])
        assert getattr(reverts, cls.__name__) is cls


def test_codes_are_unique() -> None:
    assert len({cls.code for cls in KNOWN_REVERTS.values()}) == len(KNOWN_REVERTS)


def sample(param: dict[str, object]) -> object:
    kind, internal = str(param["type"]), str(param.get("internalType"))
    if internal in ENUMS:
        return ENUMS[internal](1)
    if kind.startswith("bytes"):
        return b"\x07" * int(kind.removeprefix("bytes"))
    samples = {"address": ADDRESS, "string": "text", "bool": True}
    return samples.get(kind, 3)


@pytest.mark.parametrize("selector", ENTRIES, ids=lambda s: KNOWN_REVERTS[s].__name__)
def test_revert_data_becomes_its_class_with_its_values(selector: bytes) -> None:
    entry = ENTRIES[selector]
    values = [sample(param) for param in entry["inputs"]]
    data = selector + encode([i["type"] for i in entry["inputs"]], values)
    error = decode_revert(data)
    assert type(error) is KNOWN_REVERTS[selector]
    assert isinstance(error, KnownRevert)
    assert [getattr(error, name) for name in error.value_names] == values
    assert list(error.context.values()) == values
    assert encode_revert(error) == data
    assert error.message.endswith(".")
    assert len(error.message) > 10


def test_words_show_states_and_field_names() -> None:
    error = JobMarketWrongState(b"\x01" * 32, JobState.COMMITTED, JobState.REVEALED)
    assert "found Committed, needed Revealed" in error.message
    assert error.http_status == 409
    assert "job's present state" in error.hint
    bad = JobMarketBadSpec(b"window".ljust(32, b"\0"), 1, 600, 86_400)
    assert "field window" in bad.message
    assert bad.http_status == 422


def test_enum_values_are_decoded_as_states() -> None:
    error = decode_revert(
        encode_revert(JobMarketWrongState(bytes(32), JobState.OPEN, JobState.NONE))
    )
    assert isinstance(error, JobMarketWrongState)
    assert error.found is JobState.OPEN


def test_addresses_are_checksummed() -> None:
    data = encode_revert(ERC20InsufficientBalance(Address(ADDRESS.lower()), 1, 2))
    error = decode_revert(data)
    assert isinstance(error, ERC20InsufficientBalance)
    assert error.sender == ADDRESS


def test_reasons_and_panics_are_decoded() -> None:
    reason = decode_revert(reverts.ERROR_STRING_SELECTOR + encode(["string"], ["no way"]))
    assert isinstance(reason, RevertedWithReason)
    assert reason.reason == "no way"
    panic = decode_revert(reverts.PANIC_SELECTOR + encode(["uint256"], [0x11]))
    assert isinstance(panic, SolidityPanic)
    assert panic.panic_code == 0x11
    assert "left its range" in panic.message


def test_broken_words_are_still_words() -> None:
    error = decode_revert(reverts.ERROR_STRING_SELECTOR + encode(["bytes"], [b"\xff\xfe"]))
    assert isinstance(error, RevertedWithReason)


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\xde\xad\xbe\xef", b"\xde\xad\xbe\xef" + bytes(32)], ids=len
)
def test_unknown_data_is_kept(data: bytes) -> None:
    error = decode_revert(data)
    assert isinstance(error, UnknownRevert)
    assert error.context["data"] == data


@given(st.sampled_from(sorted(KNOWN_REVERTS)), st.binary(max_size=100))
def test_damaged_data_never_raises(selector: bytes, body: bytes) -> None:
    assert isinstance(decode_revert(selector + body), ContractRevert)


def test_an_enum_number_that_no_state_has_is_unknown() -> None:
    data = JobMarketWrongState.selector + encode(["bytes32", "uint8", "uint8"], [bytes(32), 99, 1])
    assert isinstance(decode_revert(data), UnknownRevert)


@pytest.mark.parametrize(
    ("code", "message", "data", "expected"),
    [
        (3, "execution reverted", "0x01020304", b"\x01\x02\x03\x04"),
        (3, "execution reverted", None, b""),
        (-32000, "execution reverted", None, b""),
        (-32603, "VM Exception", {"data": "0xaabb"}, b"\xaa\xbb"),
        (-32603, "VM Exception", {"data": {"data": "0xaabb"}}, b"\xaa\xbb"),
        (-32000, "nonce too low", None, None),
        (-32000, "header not found", "0x", None),
        (-32000, "nothing hex", "zzz", None),
    ],
)
def test_revert_data_is_found_wherever_nodes_put_it(
    code: int, message: str, data: object, expected: bytes | None
) -> None:
    assert revert_data(RpcRefused("eth_call", code, message, data)) == expected
