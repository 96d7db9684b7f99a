"""Every way in which a job can be unfit is refused before money is at stake, with its cause."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.node.conftest import LIMITS, Station
from tests.unit.node.content import input_file, tiny_model

from neurovoyance.ipfs.cid import Cid
from neurovoyance.node.intake import KEEP_S, HeldJob, Intake
from neurovoyance.protocol.errors import (
    StorageNotFound,
)
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import TensorSpec
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause


def limited(station: Station, **changes: int) -> Intake:
    return Intake(
        station.storage,
        station.runtime,
        replace(LIMITS, **changes),
        station.folder / "limited",
        allow_private_addresses=False,
    )


async def test_a_sound_job_is_held_on_disk_and_offered_to_peers(station: Station) -> None:
    spec = await station.publish()
    held = await station.intake.hold(spec)
    assert isinstance(held, HeldJob)
    assert held.model.path.read_bytes() == tiny_model()
    assert held.input_path.read_bytes() == input_file()
    pinned = {pin.name for pin in await station.storage.pins()}
    assert {"manifest", "model", "input"} <= pinned
    again = await station.intake.hold(spec)
    assert again == held


@pytest.mark.parametrize(
    ("manifest", "spec", "cause"),
    [
        ({"job_class": "TENSOR"}, {}, RefusalCause.CLASS),
        ({"size_bytes": str(2 << 20)}, {}, RefusalCause.DISK),
        ({"size_bytes": "10"}, {}, RefusalCause.MODEL),
        ({"model_cid": "bafkreino"}, {}, RefusalCause.SPEC),
        ({}, {"input_cid": b"\x01\x02\x03\x04"}, RefusalCause.SPEC),
        ({}, {"batch": 7}, RefusalCause.INPUT),
        (
            {"inputs": [TensorSpec(name="z", dtype="float32", shape=["n", "3"])]},
            {},
            RefusalCause.INPUT,
        ),
        (
            {"tensors": [TensorSpec(name="other", dtype="float32", shape=["n", "4"])]},
            {},
            RefusalCause.MODEL,
        ),
        (
            {"tensors": [TensorSpec(name="y", dtype="int64", shape=["n", "4"])]},
            {},
            RefusalCause.MODEL,
        ),
        (
            {"tensors": [TensorSpec(name="y", dtype="float32", shape=["n", "5"])]},
            {},
            RefusalCause.MODEL,
        ),
    ],
)
async def test_what_contradicts_itself_is_refused_with_its_cause(
    station: Station,
    manifest: dict[str, object],
    spec: dict[str, object],
    cause: RefusalCause,
) -> None:
    made = await station.publish(spec=spec, **manifest)
    refused = await station.intake.hold(made)
    assert isinstance(refused, Refusal)
    assert refused.cause is cause, refused.message


@pytest.mark.parametrize(
    "given",
    [
        b"not a safetensors file",
        input_file(x=np.zeros((2, 5), np.float32)),
        input_file(x=np.zeros((2, 3), np.float64).view(np.int64).astype(np.int64)),
        input_file(x=np.zeros((2, 3), np.float32), more=np.zeros(1, np.float32)),
    ],
)
async def test_an_input_that_does_not_fit_is_refused_without_a_run(
    station: Station, given: bytes
) -> None:
    refused = await station.intake.hold(await station.publish(given=given))
    assert isinstance(refused, Refusal)
    assert refused.cause is RefusalCause.INPUT, refused.message


async def test_a_file_that_is_no_model_is_refused_by_the_sandbox(station: Station) -> None:
    refused = await station.intake.hold(await station.publish(model=b"\x00" * 500))
    assert isinstance(refused, Refusal)
    assert refused.cause is RefusalCause.MODEL, refused.message


async def test_an_input_over_the_limit_is_refused(station: Station) -> None:
    spec = await station.publish()
    refused = await limited(station, input_bytes=16).hold(spec)
    held_here = await station.storage.has(Cid.from_bytes(spec.input_cid))
    # What lies here already is measured as well: it is refused, or the limit would not hold.
    assert held_here
    assert isinstance(refused, Refusal)
    assert refused.cause is RefusalCause.INPUT


async def test_more_memory_than_there_is_is_refused(station: Station) -> None:
    spec = await station.publish()
    refused = await limited(station, memory_bytes=1 << 50).hold(spec)
    assert isinstance(refused, Refusal)
    assert refused.cause is RefusalCause.MEMORY


async def test_content_nobody_has_may_be_tried_again(station: Station) -> None:
    spec = (await station.publish()).model_copy(update={"model_id": b"\x11" * 32})
    with pytest.raises(StorageNotFound):
        await station.intake.hold(spec)


async def test_a_source_in_a_private_network_is_dropped_unless_allowed(station: Station) -> None:
    spec = (await station.publish()).model_copy(update={"model_id": b"\x11" * 32})
    with pytest.raises(StorageNotFound) as caught:
        await limited(station).hold(spec, ["http://127.0.0.1:9"])
    assert "127.0.0.1" not in str(caught.value.to_wire())


async def test_release_lets_the_input_go_and_may_be_repeated(station: Station) -> None:
    spec = await station.publish()
    held = await station.intake.hold(spec)
    assert isinstance(held, HeldJob)
    await station.intake.release(spec)
    await station.intake.release(spec)
    assert not held.input_path.exists()
    assert held.model.path.exists()


async def test_unused_files_are_purged_after_two_days_and_used_ones_kept(
    station: Station,
) -> None:
    spec = await station.publish()
    held = await station.intake.hold(spec)
    assert isinstance(held, HeldJob)
    assert station.intake.purge(frozenset()) == 0
    old_s = time.time() - KEEP_S - 1
    for path in (held.model.path, held.input_path):
        os.utime(path, (old_s, old_s))
    assert station.intake.purge(frozenset({station.intake.input_name(spec.input_cid)})) == 1
    assert held.input_path.exists()
    assert not held.model.path.exists()


async def test_a_job_of_another_class_than_the_models_is_refused(station: Station) -> None:
    spec = await station.publish(spec={"job_class": JobClass.TENSOR})
    refused = await station.intake.hold(spec)
    assert isinstance(refused, Refusal)
    assert refused.cause is RefusalCause.CLASS
