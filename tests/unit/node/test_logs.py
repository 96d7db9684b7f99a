"""The log is one JSON object a line, with the facts and without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurovoyance.node.logs import TextLines, log_event, set_up_logs
from neurovoyance.protocol.errors import StorageNotFound


@pytest.fixture
def log_path(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    path = tmp_path / "logs" / "node.log"
    set_up_logs(path)
    yield path
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = before, level


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_facts_stand_beside_the_event_in_readable_form(log_path: Path) -> None:
    error = StorageNotFound("Nobody has it.", cid="bafy")
    log_event(logging.INFO, "phase", job_id=b"\x01\x02", error=error, nothing=None)
    [line] = lines(log_path)
    assert (line["event"], line["level"], line["job_id"]) == ("phase", "INFO", "0x0102")
    assert line["error"] == {"code": "storage.not_found", "message": "Nobody has it."}
    assert "nothing" not in line


def test_other_packages_and_traces_go_to_the_same_log(log_path: Path) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("other").exception("failed with %s", "x")
    [line] = lines(log_path)
    assert line["event"] == "failed with x"
    assert "ValueError: broken" in str(line["trace"])


def test_details_below_the_level_are_left_out(log_path: Path) -> None:
    log_event(logging.DEBUG, "detail")
    assert lines(log_path) == []


def test_people_get_a_line_and_nobody_can_forge_another(tmp_path: Path) -> None:
    maker = TextLines()
    record = logging.LogRecord("x", logging.INFO, "p", 1, "phase", (), None)
    record.neurovoyance_facts = {"job": "0x01\n01 Jan 00:00:00 ERROR forged", "count": 3}
    line = maker.format(record)
    assert "\n" not in line
    assert "phase job=0x01" in line and line.endswith("count=3")
