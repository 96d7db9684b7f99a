"""What a harvest leaves a provider, and records that have the contracts' fields."""

from __future__ import annotations

from typing import Any

import pytest

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.rewards import EPOCH_S, ExitRecord, FeeRates, FeeRouter, Pots, Vault


def test_a_provider_keeps_at_once_what_no_other_part_takes() -> None:
    assert FeeRates(100, 200, 300, 400, 1_000).liquid_bps == 8_000
    assert FeeRates(0, 0, 0, 0, 0).liquid_bps == 10_000
    assert FeeRates(0, 0, 0, 0, 10_000).liquid_bps == 0


def test_an_epoch_is_a_week() -> None:
    assert EPOCH_S == 7 * 24 * 3_600


@pytest.mark.parametrize(
    ("contract", "function", "record"),
    [
        (FeeRouter.contract, "ratesOf", FeeRates),
        (FeeRouter.contract, "pots", Pots),
        (Vault.contract, "exitOf", ExitRecord),
    ],
)
def test_records_have_the_values_of_the_contract(
    contract: str, function: str, record: type[Any]
) -> None:
    outputs = contract_abi(contract).function(function)["outputs"]
    if len(outputs) == 1:
        outputs = outputs[0]["components"]
    ours = [field.split("_")[0] for field in record._fields]
    theirs = [output["name"].lower() for output in outputs]
    assert len(ours) == len(theirs)
    for mine, name in zip(ours, theirs, strict=True):
        assert name.startswith(mine), (mine, name)
