"""The facades of emission and canaries name what the contracts return, in order."""

from __future__ import annotations

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.emission import (
    CanaryRecord,
    CanaryState,
    EpochRecord,
    RewardRecord,
    Score,
    WeightRecord,
)
from neurovoyance.chain.genesis import CanaryModel

from .court_world import struct_fields


def test_records_have_the_fields_of_the_structs_in_order() -> None:
    assert struct_fields("EmissionController", "epochOf") == [
        *("availPool", "workPool", "capE8", "liquidBps", "loyaltyBps", "availSum", "workSum"),
        "left",
    ]
    assert EpochRecord._fields == (
        *("avail_pool_wei", "work_pool_wei", "cap_e8", "liquid_bps", "loyalty_bps", "avail_sum"),
        *("work_sum", "left_wei"),
    )
    assert struct_fields("EmissionController", "weightOf") == [
        *("fees", "stake", "scoreBps", "loyalty", "delegatedE9"),
    ]
    assert WeightRecord._fields == (
        *("fees_wei", "stake_wei", "score_bps", "loyalty", "delegated_e9"),
    )
    assert struct_fields("EmissionController", "rewardOf") == ["work", "avail", "delegated"]
    assert RewardRecord._fields == ("work_wei", "avail_wei", "delegated_wei")
    assert struct_fields("Canaries", "canaryOf") == [
        *("round", "requestedAt", "takeBy", "epoch", "state", "jobClass", "provider", "batch"),
        *("maxRuntime", "modelId", "seed", "jobId"),
    ]
    assert CanaryRecord._fields == (
        *("round", "requested_at_s", "take_by_s", "epoch", "state", "job_class", "provider"),
        *("batch", "max_runtime_s", "model_id", "seed", "job_id"),
    )
    assert struct_fields("Canaries", "models") == ["modelId", "pool", "batch", "maxRuntime"]
    assert CanaryModel._fields == ("model_id", "pool", "batch", "max_runtime_s")


def test_a_canary_is_void_last_and_cold_from_passed_on() -> None:
    assert [state for state in CanaryState if state.is_cold] == [
        CanaryState.PASSED,
        CanaryState.FAILED,
        CanaryState.VOID,
    ]
    assert max(CanaryState) == 6


def test_what_zeros_mean() -> None:
    assert not EpochRecord(*[0] * 8).is_rolled
    assert EpochRecord(0, 0, 0, 1_000, 0, 0, 0, 0).is_rolled
    assert not WeightRecord(*[0] * 5).is_registered
    assert WeightRecord(1, 0, 0, 10_000, 0).is_registered
    parts_e9 = (0, 1, 10**9, 2**31 + 1)
    owing = [WeightRecord(1, 0, 0, 10_000, part_e9).has_to_hand_on for part_e9 in parts_e9]
    assert owing == [False, True, True, False]
    assert Score(0, 0).bps == 0
    assert Score(2, 3).bps == 6_666


def test_every_call_of_the_facades_exists() -> None:
    emission, canaries = contract_abi("EmissionController"), contract_abi("Canaries")
    calls = ("roll", "register", "claim", "handOn", "vest", "vestingOwedOf", "expire")
    for name in (*calls, "claimDelegated", "circulatingWei"):
        assert name in emission.functions
    for name in ("fund", "request", "draw", "take", "miss", "score", "specOf", "scoreOf"):
        assert name in canaries.functions
