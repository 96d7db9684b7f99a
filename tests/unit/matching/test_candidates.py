"""Standing offers as candidates: prices to the wei, locks, waits and the device that counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.matching.candidates import FELT_MS, LOAD_UNKNOWN_MS, Wanted, candidate_of
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.standing_offers import DevicePrice, HeldModel, StandingOffer

from .made_candidates import MODELS, NVY, address, candidate, wanted


def offer(**changes: object) -> StandingOffer:
    values: dict[str, object] = {
        "provider": address(7),
        "endpoint": "http://node.example:8420",
        "seq": 1,
        "issued_s": 0,
        "expires_s": 600,
        "base_price_wei": 5,
        "devices": (
            DevicePrice(device="cuda", per_second_wei=9, per_unit_wei=1),
            DevicePrice(device="cpu", per_second_wei=2, per_unit_wei=3),
        ),
        "held": (HeldModel(model_id=MODELS[0], load_ms=40), HeldModel(model_id=MODELS[1])),
        "job_classes": (JobClass.TENSOR,),
        "max_runtime_s": 600,
        "lock_multiple": 20,
        "slots": 2,
        "occupied": 1,
    }
    return StandingOffer.model_validate(values | changes)


def test_the_device_that_is_cheapest_for_the_job_counts() -> None:
    small, large = wanted(units=1), wanted(units=1_000)
    made = [candidate_of(offer(), free_stake_wei=9, wanted=job) for job in (small, large)]
    assert [one.device for one in made if one] == ["cpu", "cuda"]
    assert made[0] is not None
    assert made[0].price_wei(small) == 5 + 2 * 60 + 3
    named = candidate_of(offer(), free_stake_wei=9, device="cuda")
    assert named is not None
    assert named.per_second_wei == 9
    assert candidate_of(offer(), free_stake_wei=9, device="tpu") is None


def test_held_models_load_as_measured_and_others_are_fetched() -> None:
    one = candidate_of(offer(), free_stake_wei=9, record=Record(1, 0))
    assert one is not None
    assert [one.load_ms(wanted(model_id=model)) for model in MODELS[:2]] == [40, LOAD_UNKNOWN_MS]
    far = wanted(model_id=MODELS[2], model_bytes=10**9)
    assert one.load_ms(far) == far.fetch_ms > 100_000
    assert one.time_ms(wanted()) == FELT_MS + 60 * 500 // 2 + 40


@given(price=st.integers(0, NVY), least=st.integers(0, NVY), asked=st.integers(0, NVY))
def test_the_lock_is_the_largest_of_three(price: int, least: int, asked: int) -> None:
    one = candidate(base_price_wei=price, lock_multiple=20, min_lock_wei=least)
    assert one.lock_wei(wanted(min_lock_wei=asked)) == max(20 * price, least, asked)


def test_a_spec_breaks_ties_by_its_hash_unless_told_otherwise() -> None:
    spec = JobSpec(model_id=MODELS[0], input_cid=b"\x01" * 36)
    assert Wanted.of(spec, NVY).seed == spec.spec_hash()
    assert Wanted.of(spec, NVY, seed=b"x").seed64 != Wanted.of(spec, NVY).seed64


@pytest.mark.parametrize("changes", [{"units": -1}, {"units": 2**30}, {"max_price_wei": 2**96}])
def test_values_that_columns_cannot_hold_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        wanted(**changes)
