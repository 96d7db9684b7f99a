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
        *("provider", "deadline", "state", "jobClass", "beaconRound", "shift", "price", "lock"),
        *("window", "pBps", "pEconBps", "maxRuntime", "flags", "client", "held", "binding"),
    ]
    assert JobRecord._fields == (
        *("provider", "deadline_s", "state", "job_class", "beacon_round", "shift", "price_wei"),
        *("lock_wei", "window_s", "p_bps", "p_econ_bps", "max_runtime_s", "flags", "client"),
        *("held_wei", "binding"),
    )


def test_a_stake_record_has_the_fields_of_the_struct_in_order() -> None:
    assert components("StakeManager", "stakeOf") == [
        "own",
        "locked",
        "seats",
        "unbonding",
        "unbondingReadyAt",
    ]
    assert StakeRecord._fields == (
        *("own_wei", "locked_wei", "seats", "unbonding_wei", "unbonding_ready_at_s"),
    )


def test_a_raw_spec_has_the_fields_of_a_checked_one() -> None:
    assert RawJobSpec._fields == tuple(JobSpec.model_fields)
