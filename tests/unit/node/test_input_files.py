"""Inputs on this disk: headers, and canaries' inputs that are made here instead of fetched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.unit.node.conftest import Station

from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.node.input_files import (
    header_of,
    input_file_name,
    write_expanded,
)
from neurovoyance.node.intake import HeldJob
from neurovoyance.protocol.manifest import parse_manifest
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.verification.canary_input import cid_of_seed, expand

SEED = bytes(range(32))


async def test_a_canary_is_held_without_fetching_its_input(station: Station) -> None:
    spec = (await station.publish()).model_copy(update={"input_cid": cid_of_seed(SEED), "batch": 3})
    held = await station.intake.hold(spec)
    assert isinstance(held, HeldJob), held
    expected = expand(held.manifest, SEED, 3)
    found = load_file(held.input_path)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert "input" not in {pin.name for pin in await station.storage.pins()}
    assert await station.intake.hold(spec) == held
    assert station.intake.purge(frozenset()) == 0, "as young as any file"
    await station.intake.release(spec)
    assert not held.input_path.exists()
    await station.intake.release(spec)


async def test_the_same_seed_for_another_batch_is_another_file(station: Station) -> None:
    spec = (await station.publish()).model_copy(update={"input_cid": cid_of_seed(SEED), "batch": 3})
    first = await station.intake.hold(spec)
    second = await station.intake.hold(spec.model_copy(update={"batch": 5}))
    assert isinstance(first, HeldJob)
    assert isinstance(second, HeldJob)
    assert first.input_path != second.input_path
    assert next(iter(load_file(second.input_path).values())).shape[0] == 5


async def test_a_canary_that_is_too_large_is_refused(station: Station) -> None:
    spec = (await station.publish()).model_copy(
        update={"input_cid": cid_of_seed(SEED), "batch": 2**31}
    )
    refusal = await station.intake.hold(spec)
    assert isinstance(refusal, Refusal)
    assert refusal.cause is RefusalCause.INPUT


async def test_a_failed_expansion_leaves_nothing(station: Station, tmp_path: Path) -> None:
    spec = (await station.publish()).model_copy(update={"input_cid": cid_of_seed(SEED), "batch": 2})
    held = await station.intake.hold(spec)
    assert isinstance(held, HeldJob)
    manifest = parse_manifest(held.manifest.canonical_bytes(), spec.model_id)
    path = tmp_path / input_file_name(spec, "bseed")
    with pytest.raises(IntakeRefused, match="at most 3"):
        write_expanded(spec, manifest, path, 3)
    assert not list(tmp_path.glob("bseed*"))
    assert path.name.partition(".")[0] == "bseed"


def test_a_header_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"no tensors")
    for path in (bad, tmp_path):
        with pytest.raises(IntakeRefused) as caught:
            header_of(path)
        assert caught.value.refusal.cause is RefusalCause.INPUT
