import json
from typing import Any

import pytest
from hypothesis import given
from tests.unit.protocol.strategies import specs

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import hash_abi, keccak256
from neurovoyance.protocol.job_spec import SPEC_TYPE, JobSpec, parse_spec, parse_spec_json

VALID: dict[str, Any] = {"model_id": "0x" + "11" * 32, "input_cid": "0x01551220" + "22" * 32}


@given(specs())
def test_a_spec_survives_json_and_the_abi(spec: JobSpec) -> None:
    assert parse_spec_json(spec.canonical_bytes()) == spec
    assert JobSpec.from_abi(spec.as_abi()) == spec


@given(specs(), specs())
def test_different_specs_have_different_hashes(one: JobSpec, other: JobSpec) -> None:
    assert (one == other) == (one.spec_hash() == other.spec_hash())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"surprise": 1}, "surprise"),
        ({"batch": 0}, "batch"),
        ({"batch": -3}, "batch"),
        ({"batch": 2**32}, "batch"),
        ({"batch": "7"}, "batch"),
        ({"batch": 1.5}, "batch"),
        ({"batch": True}, "batch"),
        ({"max_runtime_s": 14_401}, "max_runtime_s"),
        ({"window_s": 599}, "window_s"),
        ({"window_s": 10**400}, "window_s"),
        ({"declared_gain_wei": -1}, "declared_gain_wei"),
        ({"declared_gain_wei": "1e9"}, "declared_gain_wei"),
        ({"declared_gain_wei": str(2**96)}, "declared_gain_wei"),
        ({"declared_gain_wei": "٣"}, "declared_gain_wei"),
        ({"model_id": "0x11"}, "model_id"),
        ({"model_id": None}, "model_id"),
        ({"input_cid": "bafybeigdyr"}, "input_cid"),
        ({"input_cid": "0x" + "00" * 129}, "input_cid"),
        ({"job_class": "BEST"}, "job_class"),
        ({"job_class": 9}, "job_class"),
        ({"audit_slots": 9}, "audit_slots"),
    ],
)
def test_a_bad_field_is_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(SpecError, match=word):
        parse_spec({**VALID, **change})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({**VALID, "batch": 0, "window_s": 1, "x": 1})
    assert len(caught.value.context["faults"]) == 3


def test_ten_megabytes_of_json_are_refused_unread() -> None:
    with pytest.raises(SpecError, match="bytes long"):
        parse_spec_json(json.dumps({**VALID, "pad": "x" * 10_000_000}))


@pytest.mark.parametrize("text", ["", "{", "[" * 10_000, "null", "3", '"spec"', "[]", b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(text: Any) -> None:
    with pytest.raises(SpecError):
        parse_spec_json(text)


def test_a_spec_cannot_be_changed() -> None:
    spec = parse_spec(VALID)
    with pytest.raises(ValueError, match="frozen"):
        spec.batch = 2  # type: ignore[misc]


@given(specs())
def test_the_hash_is_that_of_the_abi(spec: JobSpec) -> None:
    types = ["bytes32", "bytes32", "bytes32", "uint8", "uint32", "bytes32"]
    types += ["uint96", "uint32", "uint32", "bytes32", "uint8"]
    model_id, input_cid, *rest = spec.as_abi()
    values = [keccak256(SPEC_TYPE.encode()), model_id, keccak256(input_cid), *rest]
    assert spec.spec_hash() == hash_abi(types, values)
