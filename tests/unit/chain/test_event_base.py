"""Specs as the chain holds them."""

from __future__ import annotations

import pytest

from neurovoyance.chain.event_base import RawJobSpec
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.job_spec import JobSpec

SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01\x55\x1e\x20")


def test_a_sound_spec_is_the_same_after_the_chain() -> None:
    assert RawJobSpec(*SPEC.as_abi()).checked() == SPEC


def test_a_spec_that_we_do_not_accept_is_told_only_when_checked() -> None:
    raw = RawJobSpec(*SPEC.as_abi())._replace(job_class=9, window_s=0)
    with pytest.raises(SpecError, match="job_class"):
        raw.checked()
