"""Solidity enums and structs become the Python values that stand for them."""

from __future__ import annotations

import dataclasses

from neurovoyance.chain.abi_codec import CONTRACT_NAMES, contract_abi
from neurovoyance.chain.event_base import RawJobSpec
from neurovoyance.chain.event_types import ENUMS, STRUCTS, python_name, typed
from neurovoyance.protocol.lifecycle import JobState


def test_every_struct_and_enum_of_an_event_is_known() -> None:
    for contract in CONTRACT_NAMES:
        for event in contract_abi(contract).events.values():
            for param in event["inputs"]:
                internal = str(param.get("internalType", "")).split("[")[0]
                if internal.startswith(("struct ", "enum ")):
                    assert python_name(internal), f"{event['name']}: {internal}"


def test_fields_stand_in_the_order_of_the_struct() -> None:
    for contract in CONTRACT_NAMES:
        for event in contract_abi(contract).events.values():
            for param in event["inputs"]:
                cls = STRUCTS.get(str(param.get("internalType", "")))
                if cls is None or cls is RawJobSpec:
                    continue
                ours = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
                theirs = [part["name"] for part in param["components"]]
                assert len(ours) == len(theirs)
                for mine, other in zip(ours, theirs, strict=True):
                    words = mine.removesuffix("_wei").removesuffix("_s").replace("_", "")
                    assert words == other.lower().removesuffix("_s")


def test_a_value_is_typed_and_nothing_else_is() -> None:
    param = {"internalType": "enum JobState", "type": "uint8"}
    assert typed(19, param) is JobState.DRAWN
    assert typed(19, {"internalType": "uint8", "type": "uint8"}) == 19
    assert set(ENUMS) >= {"enum Outcome", "enum RefereeVote"}
