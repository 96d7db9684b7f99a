"""Random but valid protocol objects for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from neurovoyance.protocol.ids import Address, parse_address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.result import Opening
from neurovoyance.protocol.signing import Offer
from neurovoyance.protocol.units import UINT96_MAX

BYTES32 = st.binary(min_size=32, max_size=32)
CIDS = st.binary(min_size=4, max_size=128)


def addresses() -> st.SearchStrategy[Address]:
    return st.binary(min_size=20, max_size=20).map(lambda raw: parse_address("0x" + raw.hex()))


def specs() -> st.SearchStrategy[JobSpec]:
    return st.builds(
        JobSpec,
        model_id=BYTES32,
        input_cid=CIDS,
        job_class=st.sampled_from(JobClass),
        batch=st.integers(1, 2**32 - 1),
        seed=BYTES32,
        declared_gain_wei=st.integers(0, UINT96_MAX),
        max_runtime_s=st.integers(1, 14_400),
        window_s=st.integers(600, 86_400),
        client_key=BYTES32,
        audit_slots=st.integers(1, 8),
    )


def offers() -> st.SearchStrategy[Offer]:
    return st.builds(
        Offer,
        provider=addresses(),
        client=addresses(),
        spec_hash=BYTES32,
        price_wei=st.integers(0, UINT96_MAX),
        lock_wei=st.integers(0, UINT96_MAX),
        valid_until_s=st.integers(0, 2**64 - 1),
        nonce=st.integers(0, 2**256 - 1),
    )


def openings() -> st.SearchStrategy[Opening]:
    return st.builds(
        Opening,
        seed0=BYTES32,
        out_root=BYTES32,
        envelope_cid=CIDS,
        result_key=BYTES32,
        shift=st.integers(-16, 16),
        salt=BYTES32,
    )
