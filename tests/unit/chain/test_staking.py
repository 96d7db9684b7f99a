"""Records of stakes have the fields that the contract returns, in its order."""

from __future__ import annotations

from typing import Any

import pytest

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.staking import (
    DelegationRecord,
    HeldSlash,
    PoolRecord,
    PoolStake,
    SeatRecord,
    StakeRecord,
    Stakes,
)

RECORDS: list[tuple[str, type[Any]]] = [
    ("stakeOf", StakeRecord),
    ("seatAt", SeatRecord),
    ("poolOf", PoolRecord),
    ("heldSlashOf", HeldSlash),
    ("delegationOf", DelegationRecord),
    ("poolStakeOf", PoolStake),
]


def outputs_of(function: str) -> list[dict[str, Any]]:
    """Return the values of a function; those of a struct if it returns one."""
    outputs: list[dict[str, Any]] = contract_abi(Stakes.contract).function(function)["outputs"]
    return outputs[0]["components"] if len(outputs) == 1 else outputs


def bare(name: str) -> str:
    """Return a name without its unit, case and underscores, as both languages write it."""
    for unit in ("_wei", "_bps", "_s"):
        name = name.removesuffix(unit)
    return name.replace("_", "").lower()


@pytest.mark.parametrize(("function", "record"), RECORDS, ids=lambda v: getattr(v, "__name__", v))
def test_fields_are_those_of_the_contract(function: str, record: type[Any]) -> None:
    outputs = outputs_of(function)
    assert len(record._fields) == len(outputs)
    for field, output in zip(record._fields, outputs, strict=True):
        theirs = bare(output["name"].removesuffix("Bps"))
        assert bare(field) in theirs or theirs in bare(field), (field, output["name"])


@pytest.mark.parametrize(("function", "record"), RECORDS, ids=lambda v: getattr(v, "__name__", v))
def test_addresses_are_where_the_contract_has_them(function: str, record: type[Any]) -> None:
    kinds = record.__annotations__
    for field, output in zip(record._fields, outputs_of(function), strict=True):
        assert ("Address" in str(kinds[field])) == (output["type"] == "address"), field
