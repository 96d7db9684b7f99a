"""The file of a request holds what is needed to repeat its tasks."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.client.batches import Given, _frames, _tasks_in
from neurovoyance.protocol.task_frames import FrameReader, Kind
from neurovoyance.protocol.tasks import INLINE_MAX_BYTES, BatchRequest, Task, parse, raw_cid

from .test_task_book import SPEC, request


def test_short_inputs_travel_inside_and_long_ones_by_cid(tmp_path: Path) -> None:
    data = [b"short", b"x" * INLINE_MAX_BYTES, b"x" * (INLINE_MAX_BYTES + 1)]
    specs = [SPEC.model_copy(update={"input_cid": raw_cid(item), "batch": 7}) for item in data]
    tasks = [Task(spec, 5) for spec in specs]
    given = [Given(spec, item) for spec, item in zip(specs, data, strict=True)]
    (tmp_path / "request").write_bytes(_frames(request(), tasks, given))
    found = _tasks_in(tmp_path / "request")
    assert [item.is_inline for item in found] == [True, True, False]
    assert [item.given for item in found] == [data[0], data[1], raw_cid(data[2])]
    assert {(item.price_wei, item.rows) for item in found} == {(5, 7)}
    frames = list(FrameReader().feed((tmp_path / "request").read_bytes()))
    assert parse(BatchRequest, frames[0].payload) == request()
    assert frames[-1].kind is Kind.END
