"""What is found out before a challenge: about an honest job nothing, about altered ones all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurovoyance.chain.challenging import PublicCase, public_case
from neurovoyance.chain.events import AuditAnswered
from neurovoyance.cli import challenge_grounds
from neurovoyance.cli.challenge_grounds import _sources, compared, look_into, scaled
from neurovoyance.cli.opened import opened
from neurovoyance.client.session import Session
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.protocol.audit import DisputeKind
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.ids import parse_job_id
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest, parse_manifest
from neurovoyance.verification.canonical import Array, decode_tensors


@pytest.fixture
async def session(audited_network: dict[str, Any]) -> AsyncIterator[Session]:
    async with opened(Path(audited_network["home"])) as client:
        yield client.session


@pytest.fixture
async def case(session: Session, audited_job: str) -> PublicCase:
    return await public_case(session.contracts, parse_job_id(audited_job))


async def content(session: Session, case: PublicCase) -> tuple[ModelManifest, list[Array]]:
    """The manifest, and the tensors that the provider revealed."""
    storage, cid = session.storage, Cid.from_bytes(case.opening.envelope_cid)
    await storage.ensure(cid, sources=_sources(session, case))
    envelope = b"".join([piece async for piece in storage.open(cid)])
    arrays = decode_tensors(decrypt(envelope, case.opening.result_key, case.job_id))
    model_id = case.spec.model_id
    return parse_manifest(await storage.get_block(cid_of_keccak(model_id)), model_id), arrays


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (DisputeKind.WRONG_OUTPUT, "computed again here"),
        (DisputeKind.FORGED_ANSWER, "1 answers of the audit were computed again"),
        (DisputeKind.BAD_ENVELOPE, "holds the output that was committed to"),
        (DisputeKind.UNAVAILABLE, "The provider serves its envelope."),
    ],
)
async def test_an_honest_job_gives_no_grounds(
    session: Session, case: PublicCase, kind: DisputeKind, words: str
) -> None:
    found = await look_into(session, case, kind)
    assert found.grounds is None
    assert words in found.words[-1]


async def test_an_envelope_that_does_not_open_is_found_whatever_is_claimed(
    session: Session, case: PublicCase
) -> None:
    locked = replace(case, opening=replace(case.opening, result_key=b"\x01" * 32))
    other = replace(case, opening=replace(case.opening, out_root=b"\x02" * 32))
    for altered in (locked, other):
        for kind in (DisputeKind.BAD_ENVELOPE, DisputeKind.WRONG_OUTPUT):
            found = await look_into(session, altered, kind)
            assert found.grounds is not None
            assert found.grounds.kind is DisputeKind.BAD_ENVELOPE


async def test_an_answer_of_another_output_is_found(session: Session, case: PublicCase) -> None:
    events = tuple(
        replace(event, z0=(bytes(32), *event.z0[1:])) if isinstance(event, AuditAnswered) else event
        for event in case.events
    )
    found = await look_into(session, replace(case, events=events), DisputeKind.FORGED_ANSWER)
    assert found.grounds is not None
    assert found.grounds.kind is DisputeKind.FORGED_ANSWER
    none = tuple(event for event in case.events if not isinstance(event, AuditAnswered))
    unaudited = await look_into(session, replace(case, events=none), DisputeKind.FORGED_ANSWER)
    assert unaudited.grounds is None
    assert "not audited" in unaudited.words[-1]


async def test_an_envelope_that_nobody_serves_is_unavailable_and_decides_nothing_else(
    session: Session, case: PublicCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge_grounds, "ASK_PAUSE_S", 0.0)
    missing = Cid.from_bytes(case.opening.envelope_cid).to_bytes()[:-1] + b"\x00"
    away = replace(case, opening=replace(case.opening, envelope_cid=missing))
    found = await look_into(session, away, DisputeKind.UNAVAILABLE)
    assert found.grounds is not None
    assert found.grounds.kind is DisputeKind.UNAVAILABLE
    other = await look_into(session, away, DisputeKind.WRONG_OUTPUT)
    assert other.grounds is None
    assert "could not be had" in other.words[-1]


async def test_an_output_is_compared_by_distance_or_by_its_bits(
    session: Session, case: PublicCase
) -> None:
    manifest, arrays = await content(session, case)
    near = [np.nextafter(array, np.float32(np.inf)) for array in arrays]
    far = [array * np.float32(1.01) for array in arrays]
    assert compared(case, manifest, arrays, near) is None
    found = compared(case, manifest, arrays, far)
    assert found is not None
    assert found.kind is DisputeKind.WRONG_OUTPUT
    exact = replace(case, spec=case.spec.model_copy(update={"job_class": JobClass.EXACT}))
    assert compared(exact, manifest, arrays, arrays) is None
    assert compared(exact, manifest, arrays, near) is not None


async def test_tensors_that_the_certificate_does_not_name_are_not_scaled(
    session: Session, case: PublicCase
) -> None:
    manifest, arrays = await content(session, case)
    assert [one.exponents for one in scaled(manifest, arrays)] == [(10,), (10,)]
    with pytest.raises(VerificationError, match="does not fit"):
        scaled(manifest, arrays[:1])
