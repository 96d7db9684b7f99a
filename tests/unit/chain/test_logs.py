"""Logs become events of the right class, and nothing else does."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from neurovoyance.chain import events
from neurovoyance.chain.abi_codec import CONTRACT_NAMES, contract_abi, encode_values
from neurovoyance.chain.codegen import class_name, event_field
from neurovoyance.chain.event_types import typed
from neurovoyance.chain.events import (
    EVENT_CLASSES,
    JobExpired,
    JobPosted,
    LogMeta,
    RawJobSpec,
    Transfer,
)
from neurovoyance.chain.logs import RawLog, decode_log, decode_logs, parse_log
from neurovoyance.protocol.errors import RpcError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.lifecycle import JobState

ADDRESS = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
META = LogMeta(ADDRESS, 7, "0x" + "aa" * 32, "0x" + "bb" * 32, 3)
ENTRIES = {topic: e for name in CONTRACT_NAMES for topic, e in contract_abi(name).events.items()}
RAW_SPEC = (b"\x01" * 32, b"cid", 1, 2, b"\x03" * 32, 4, 5, 6, b"\x07" * 32, 8)


def sample(param: dict[str, Any]) -> Any:
    """A value of a parameter's type, as the ABI has it."""
    kind = str(param["type"])
    if kind.endswith("]"):
        inner = {**param, "type": kind[: kind.rindex("[")]}
        count = kind[kind.rindex("[") + 1 : -1]
        return tuple(sample(inner) for _ in range(int(count or 2)))
    if param.get("internalType") == "struct JobSpec":
        return RAW_SPEC
    if kind == "tuple":
        return tuple(sample(part) for part in param["components"])
    if kind.startswith("bytes") and kind != "bytes":
        return b"\x07" * int(kind.removeprefix("bytes"))
    samples = {"address": ADDRESS, "bytes": b"\x08\x09", "string": "text", "bool": True}
    if str(param.get("internalType", "")).startswith("enum "):
        return 12 if param["internalType"] == "enum JobState" else 1
    return samples.get(kind, 3)


def log_of(topic: bytes) -> tuple[RawLog, list[object]]:
    inputs = ENTRIES[topic]["inputs"]
    values = [sample(param) for param in inputs]
    pairs = list(zip(inputs, values, strict=True))
    indexed = [encode_values([p], (v,), "test") for p, v in pairs if p["indexed"]]
    plain = [(p, v) for p, v in pairs if not p["indexed"]]
    data = encode_values([p for p, _ in plain], tuple(v for _, v in plain), "test")
    return RawLog(META, (topic, *indexed), data), values


def test_the_abis_and_the_classes_name_the_same_events() -> None:
    assert set(ENTRIES) == set(EVENT_CLASSES)
    for topic, entry in ENTRIES.items():
        cls = EVENT_CLASSES[topic]
        assert cls.__name__ == class_name(entry["name"])
        assert getattr(events, cls.__name__) is cls
        names = [item.name for item in fields(cls)][1:]
        assert names == [event_field(param)[0] for param in entry["inputs"]]


@pytest.mark.parametrize("topic", ENTRIES, ids=lambda t: EVENT_CLASSES[t].__name__)
def test_a_log_becomes_its_class_with_its_values(topic: bytes) -> None:
    log, values = log_of(topic)
    event = decode_log(log)
    assert type(event) is EVENT_CLASSES[topic]
    assert event.meta == META
    inputs = ENTRIES[topic]["inputs"]
    expected = [typed(value, param) for value, param in zip(values, inputs, strict=True)]
    assert [getattr(event, item.name) for item in fields(event)][1:] == expected


def test_states_and_specs_are_typed() -> None:
    expired = decode_log(log_of(JobExpired.topic)[0])
    assert isinstance(expired, JobExpired)
    assert expired.state is JobState.PROVIDER_COMMIT_TIMEOUT
    posted = decode_log(log_of(JobPosted.topic)[0])
    assert isinstance(posted, JobPosted)
    assert posted.spec == RawJobSpec(*RAW_SPEC)


def test_logs_of_others_are_left_out() -> None:
    foreign = RawLog(META, (b"\x12" * 32,), b"")
    anonymous = RawLog(META, (), b"")
    sound = log_of(Transfer.topic)[0]
    # An ERC-721 transfer has the same topic but a third indexed value.
    lookalike = RawLog(META, (*sound.topics, b"\x01" * 32), b"")
    assert [type(e) for e in decode_logs((foreign, anonymous, lookalike, sound))] == [Transfer]


@pytest.mark.parametrize("data", [b"", b"\x01", bytes(31)])
def test_damaged_data_is_an_rpc_error(data: bytes) -> None:
    sound = log_of(Transfer.topic)[0]
    with pytest.raises(RpcError):
        decode_log(RawLog(META, sound.topics, data))


WIRE = {
    "address": ADDRESS.lower(),
    "blockNumber": "0x7",
    "blockHash": META.block_hash,
    "transactionHash": META.tx_hash,
    "logIndex": "0x3",
    "topics": ["0x" + "12" * 32],
    "data": "0x",
}


def test_a_log_is_parsed_with_all_its_members() -> None:
    assert parse_log(WIRE) == RawLog(META, (b"\x12" * 32,), b"")


@pytest.mark.parametrize(
    "changed",
    [
        {"address": "0x12"},
        {"blockNumber": 7},
        {"blockHash": None},
        {"logIndex": "3"},
        {"topics": {}},
        {"topics": ["0x12"]},
        {"topics": ["0x" + "12" * 32] * 5},
        {"data": "12"},
        {"data": None},
    ],
    ids=str,
)
def test_malformed_logs_are_rpc_errors(changed: dict[str, object]) -> None:
    with pytest.raises(RpcError):
        parse_log({**WIRE, **changed})
