"""A provider's trace as it is served: listings that lie are none, and tensors have a budget."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.node.conftest import LIMITS
from tests.unit.node.disputing.court import facts
from tests.unit.node.disputing.test_duty import META

from neurovoyance.chain.events import TracePosted
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.disputing import claims as module
from neurovoyance.node.disputing.claims import Claimed
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.intake import Intake
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.errors import ResourceExceeded
from neurovoyance.verification.canonical import encode_tensor
from neurovoyance.verification.trace import TraceManifest, build_trace

ARRAYS = [np.full((4,), value, np.float32) for value in range(3)]
FACTS = facts(rows=3)
WORDS = (bytes(32),) * 4


@pytest.fixture
async def claimed(tmp_path: Path) -> AsyncIterator[Claimed]:
    async with (
        EmbeddedBackend(tmp_path / "store", allow_private_addresses=True) as storage,
        OnnxRuntime(keep_warm=False) as runtime,
    ):
        intake = Intake(storage, runtime, LIMITS, tmp_path / "files", allow_private_addresses=True)
        content = Content(storage, tmp_path / "disputes", allow_private=True, timeout_s=10)
        yield Claimed(content, runtime, intake)


async def posted(claimed: Claimed, **changes: Any) -> TracePosted:
    storage = claimed.content.storage
    trace = build_trace(ARRAYS, FACTS.dispute_id)
    cids = [str(await storage.add(encode_tensor(array))) for array in ARRAYS]
    raw = TraceManifest(FACTS.dispute_id, trace, tuple(cids)).canonical_bytes()
    cid = await storage.add(changes.pop("raw", raw))
    event = TracePosted(META, FACTS.dispute_id, trace.root, cid.to_bytes(), (), WORDS, WORDS, 0)
    return replace(event, **changes)


async def test_a_true_listing_gives_tensors_by_row(claimed: Claimed, tmp_path: Path) -> None:
    found = await claimed.listing(FACTS, await posted(claimed), [], tmp_path)
    assert found is not None
    assert await found.fetch_row(1)
    assert found.row_path(1).read_bytes() == encode_tensor(ARRAYS[1])


@pytest.mark.parametrize(
    "changes",
    [
        {"raw": b"{}"},
        {"raw": b"[" * 10_000},
        {"root": b"\x01" * 32},
        {"manifest_cid": b"\x00\x01\x02\x03"},
    ],
)
async def test_any_other_listing_is_none(
    claimed: Claimed, tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert await claimed.listing(FACTS, await posted(claimed, **changes), [], tmp_path) is None


async def test_nobody_can_fill_the_disk_with_a_trace(
    claimed: Claimed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await claimed.listing(FACTS, await posted(claimed), [], tmp_path)
    assert found is not None
    monkeypatch.setattr(module, "BUDGET_BYTES", 10)
    assert await found.fetch_row(0)
    with pytest.raises(ResourceExceeded):
        await found.fetch_row(1)


async def test_a_tensor_that_is_too_large_counts_as_not_served(
    claimed: Claimed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await claimed.listing(FACTS, await posted(claimed), [], tmp_path)
    assert found is not None
    monkeypatch.setattr(module, "ROW_MAX_BYTES", 3)
    assert not await found.fetch_row(0)
