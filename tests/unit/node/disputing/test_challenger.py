"""A node challenges only what is public; whole challenges are in the integration tests."""

from __future__ import annotations

import pytest
from tests.unit.node.disputing.conftest import Bench
from tests.unit.node.disputing.test_material import listed

from neurovoyance.node.disputing.challenger import Challenger
from neurovoyance.protocol.audit import DisputeKind
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.ids import JobId


async def test_a_job_that_was_not_revealed_cannot_be_challenged(bench: Bench) -> None:
    about = await listed(bench)
    challenger = Challenger(bench.court)
    for job_id in (about.job_id, b"\x01" * 32):
        with pytest.raises(VerificationError, match="not revealed"):
            await challenger.challenge(JobId(job_id), DisputeKind.WRONG_OUTPUT, "why")
