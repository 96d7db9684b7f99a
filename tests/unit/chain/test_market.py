"""Records mirror the structs of the contracts, field by field."""

from __future__ import annotations

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.contracts import StakeRecord
from neurovoyance.chain.event_base import RawJobSpec
from neurovoyance.chain.market import JobRecord
from neurovoyance.protocol.job_spec import JobSpec


def components(contract: str, function: str) -> list[str]:
    (output,) = contract_abi(contract).function(function)["outputs"]
    return [str(item["name"]) for item in output["components"]]


def test_a_job_record_has_the_fields_of_the_struct_in_order() -> None:
    assert components("JobMarket", "job") == [
        *("client", "deadline", "state", "jobClass", "window", "pBps", "provider", "price"),
        *("lock", "beaconRound", "maxRuntime", "premium", "binding"),
    ]
    assert JobRecord._fields == (
        *("client", "deadline_s", "state", "job_class", "window_s", "p_bps", "provider"),
        *("price_wei", "lock_wei", "beacon_round", "max_runtime_s", "premium_wei", "binding"),
    )


def test_a_stake_record_has_the_fields_of_the_struct_in_order() -> None:
    assert components("StakeManager", "stakeOf") == [
        "own",
        "locked",
        "unbonding",
        "unbondingReadyAt",
    ]
    assert StakeRecord._fields == ("own_wei", "locked_wei", "unbonding_wei", "unbonding_ready_at_s")


def test_a_raw_spec_has_the_fields_of_a_checked_one() -> None:
    assert RawJobSpec._fields == tuple(JobSpec.model_fields)
