"""Hashes and draws of audits and disputes: vectors, the Solidity types, and their properties."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol import audit
from neurovoyance.protocol.audit import AuditFacts, DisputeFacts, DisputeKind, TraceRow
from neurovoyance.protocol.errors import SpecError
from neurovoyance.tokenomics.params import default_of

ROOT = Path(__file__).resolve().parents[3]
VECTORS = json.loads((ROOT / "tests/vectors/audit.json").read_text(encoding="utf-8"))
TYPES = "".join((ROOT / f"contracts/types/{name}.sol").read_text() for name in ("Audit", "Dispute"))
INTS = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5).map(lambda some: some * 8)
SEED = bytes(range(32))


def read(value: Any) -> Any:
    """Return a value of the vectors: 0x bytes, decimal integers, addresses as they are."""
    if isinstance(value, list):
        return tuple(read(item) for item in value)
    if isinstance(value, str) and value.startswith("0x") and len(value) != 42:
        return bytes.fromhex(value[2:])
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value


def fields(vector: dict[str, Any], *without: str) -> list[Any]:
    return [read(value) for name, value in vector.items() if name not in without]


def audit_facts() -> AuditFacts:
    return AuditFacts.from_abi(fields(VECTORS["audit_facts"], "hash"))


def dispute_facts() -> DisputeFacts:
    values = dict(VECTORS["dispute_facts"])
    values["verify_rows_hash"] = bytes.fromhex(values["verify_rows_hash"][2:])
    return DisputeFacts.from_abi(fields(values, "hash"))


# --- the types of the contracts -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mirror"),
    [
        ("Outcome", audit.Outcome),
        ("SlotPhase", audit.SlotPhase),
        ("DisputeKind", audit.DisputeKind),
        ("DisputePhase", audit.DisputePhase),
        ("RefereeVote", audit.RefereeVote),
        ("PointKind", audit.PointKind),
    ],
)
def test_an_enum_has_the_names_and_numbers_of_the_contract(
    name: str, mirror: type[IntEnum]
) -> None:
    body = re.search(rf"enum {name} \{{(.*?)\}}", TYPES, flags=re.S)
    assert body is not None
    names = re.findall(r"^\s*(\w+),?(?: //.*)?$", body.group(1), flags=re.M)
    assert [re.sub(r"(?<!^)(?=[A-Z])", "_", n).upper() for n in names] == list(mirror.__members__)
    assert [member.value for member in mirror] == list(range(len(names)))


def members_of(struct: str) -> list[tuple[str, str]]:
    body = re.search(rf"struct {struct} \{{(.*?)\}}", TYPES, flags=re.S)
    assert body is not None
    found = re.findall(r"^\s*([\w\[\]]+) (\w+);", body.group(1), flags=re.M)
    return [(kind, re.sub(r"(?=[A-Z])", "_", name).lower()) for kind, name in found]


def without_unit(name: str) -> str:
    return re.sub(r"_(wei|s)$", "", name)


@pytest.mark.parametrize(
    ("struct", "mirror", "types"),
    [
        ("AuditFacts", AuditFacts, audit._AUDIT_TYPES),
        ("DisputeFacts", DisputeFacts, audit._DISPUTE_TYPES),
    ],
)
def test_facts_have_the_members_of_the_struct_in_its_order(
    struct: str, mirror: Any, types: list[str]
) -> None:
    members = members_of(struct)
    assert [without_unit(name) for name in mirror.__slots__] == [name for _, name in members]
    as_words = {"DisputeKind": "uint8"}
    assert types == [as_words.get(kind, kind) for kind, _ in members]


def test_a_trace_row_has_the_members_of_the_struct_in_its_order() -> None:
    assert [name for _, name in members_of("TraceRow")] == list(TraceRow.__slots__)


# --- facts and rows -----------------------------------------------------------------------------


def test_the_hash_of_audit_facts_is_the_vectors() -> None:
    assert audit_facts().facts_hash() == read(VECTORS["audit_facts"]["hash"])


def test_the_hash_of_dispute_facts_is_the_vectors() -> None:
    assert dispute_facts().facts_hash() == read(VECTORS["dispute_facts"]["hash"])
    assert dispute_facts().kind is DisputeKind.BAD_ENVELOPE


@pytest.mark.parametrize("facts", [audit_facts(), dispute_facts()], ids=["audit", "dispute"])
def test_facts_survive_the_way_through_an_event_and_every_field_counts(facts: Any) -> None:
    assert type(facts).from_abi(facts.as_abi()) == facts
    for name in type(facts).__slots__:
        value = getattr(facts, name)
        if isinstance(value, bool):
            other: Any = not value
        elif isinstance(value, DisputeKind):
            other = DisputeKind.WRONG_OUTPUT
        elif isinstance(value, bytes):
            other = bytes(len(value))
        else:
            other = "0x" + "00" * 20 if isinstance(value, str) else 1 if value != 1 else 0
        assert replace(facts, **{name: other}).facts_hash() != facts.facts_hash(), name


def test_the_leaf_of_a_row_is_the_vectors() -> None:
    row = TraceRow(*fields(VECTORS["trace_row"], "leaf"))
    assert audit.trace_leaf(row) == read(VECTORS["trace_row"]["leaf"])


# --- seeds and draws ----------------------------------------------------------------------------

SINGLE_VALUES = {
    "binding": audit.binding_of,
    "exact_answer": audit.exact_answer,
    "seal": audit.seal_of,
}
LISTS = {
    "rounds": audit.seed_of_round,
    "seats": audit.seat_index,
    "lock_ids": audit.lock_id_of,
    "re_audits": audit.is_re_audited,
    "referees": audit.referee_index,
    "trace_seeds": audit.trace_seed,
}


@pytest.mark.parametrize("name", SINGLE_VALUES)
def test_a_value_is_the_vectors(name: str) -> None:
    vector = VECTORS[name]
    assert SINGLE_VALUES[name](*fields(vector, "value")) == read(vector["value"])


@pytest.mark.parametrize("name", LISTS)
def test_every_value_of_a_list_is_the_vectors(name: str) -> None:
    for vector in VECTORS[name]:
        assert LISTS[name](*fields(vector, "value")) == read(vector["value"])


def test_slots_never_share_a_round() -> None:
    assert default_of("drawsPerSlotMax") == audit.DRAWS_PER_SLOT_MAX
    rounds = [audit.first_round(slot) + r for slot in range(8) for r in range(6)]
    assert len({audit.seed_of_round(SEED, r) for r in rounds}) == 48


def test_every_seat_is_looked_at_about_equally_often() -> None:
    drawn = [audit.seat_index(SEED, 0, attempt, 20) for attempt in range(4_000)]
    counts = [drawn.count(seat) for seat in range(20)]
    assert all(abs(count - 200) < 5 * 14 for count in counts)  # five standard deviations


def test_re_audits_come_as_often_as_the_parameter_says() -> None:
    bps = default_of("reAuditBps")
    seeds = [number.to_bytes(32, "big") for number in range(4_000)]
    found = sum(audit.is_re_audited(seed, 0, bps) for seed in seeds)
    assert abs(found - 200) < 5 * 14
    assert not any(audit.is_re_audited(seed, 0, 0) for seed in seeds)
    assert all(audit.is_re_audited(seed, 0, 10_000) for seed in seeds)


# --- answers, commitments, votes ----------------------------------------------------------------


def test_packing_is_the_vectors() -> None:
    vector = VECTORS["packing"]
    assert audit.pack_ints(vector["z"]) == read(vector["words"])
    assert audit.unpack_ints(read(vector["words"])) == tuple(vector["z"])


def test_the_first_value_is_the_most_significant() -> None:
    (word,) = audit.pack_ints([1, 0, 0, 0, 0, 0, 0, -1])
    assert word.hex() == "00000001" + "00000000" * 6 + "ffffffff"


@given(INTS)
def test_what_was_packed_is_unpacked(values: list[int]) -> None:
    assert audit.unpack_ints(audit.pack_ints(values)) == tuple(values)


@pytest.mark.parametrize("bad", [[0] * 7, [2**31] + [0] * 7, [0] * 7 + [-(2**31) - 1]])
def test_values_that_do_not_fit_are_refused(bad: list[int]) -> None:
    with pytest.raises(SpecError, match="32 bits"):
        audit.pack_ints(bad)


def test_a_word_of_another_length_is_refused() -> None:
    with pytest.raises(SpecError, match="32 bytes"):
        audit.unpack_ints([bytes(31)])


@pytest.mark.parametrize("vector", VECTORS["audit_commitments"], ids=lambda v: str(v["flags"]))
def test_an_auditors_commitment_is_the_vectors(vector: dict[str, Any]) -> None:
    arguments = {name: read(value) for name, value in vector.items() if name != "value"}
    assert audit.auditor_commitment(**arguments) == read(vector["value"])


@pytest.mark.parametrize("vector", VECTORS["vote_commitments"], ids=lambda v: v["vote"])
def test_a_vote_is_the_vectors(vector: dict[str, Any]) -> None:
    arguments = {name: read(value) for name, value in vector.items() if name != "value"}
    assert audit.vote_commitment(**arguments) == read(vector["value"])


def test_a_commitment_of_another_auditor_differs() -> None:
    vector = VECTORS["audit_commitments"][0]
    arguments = {name: read(value) for name, value in vector.items() if name != "value"}
    arguments["auditor"] = "0x" + "12" * 20
    assert audit.auditor_commitment(**arguments) != read(vector["value"])
