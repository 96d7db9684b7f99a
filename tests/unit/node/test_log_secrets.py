"""No secret of the settings reaches a line of the log, in whatever form it turns up."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node import logs
from neurovoyance.node.log_secrets import hide_address, hide_secrets
from neurovoyance.node.logs import BLOT, log_event, set_up_logs
from neurovoyance.node.settings import load_settings

KEY = "0x" + "ab" * 32


@pytest.fixture(params=["json", "text"])
def log_path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    root, form = logging.getLogger(), request.param
    before, level = root.handlers[:], root.level
    hidden = set(logs._hidden)
    set_up_logs(tmp_path / "node.log", form)
    yield tmp_path / "node.log"
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = before, level
    logs._hidden.clear()
    logs._hidden.update(hidden)


def test_secrets_of_the_settings_are_blotted_out_everywhere(log_path: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text('pass"word\n')
    settings = load_settings(
        None,
        {},
        {
            "rpc_urls": ["https://user:hunter22@rpc.example/v3/0123456789abcdef"],
            "deployment_path": "d.json",
            "data_dir": str(tmp_path),
            "owner": "0x" + "11" * 20,
            "operator_raw_key": KEY,
            "operator_password_file": str(password),
            "kubo_rpc_url": "http://127.0.0.1:5001",
            "kubo_authorization": "Bearer topsecret",
        },
    )
    hide_secrets(settings)
    log_event(logging.INFO, "asked", url=settings.rpc_urls[0], nested={"why": 'pass"word'})
    log_event(logging.INFO, "odd", result_key=b"\x01" * 32, salt="pepper", job_id=b"\x02" * 32)
    try:
        raise ValueError(f"no such key {KEY} Bearer topsecret")
    except ValueError:
        logging.getLogger("other").exception("failed with %s", KEY.removeprefix("0x"))
    text = log_path.read_text()
    for secret in ("ab" * 32, "hunter22", "0123456789abcdef", "topsecret", 'pass"word', "pepper"):
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text
    assert BLOT in text and "rpc.example" in text and "0x" + "02" * 32 in text
    assert "0x" + "01" * 32 not in text


@given(st.text(min_size=6, max_size=30), st.sampled_from(["json", "text"]))
def test_any_hidden_text_is_gone(secret: str, form: Literal["json", "text"]) -> None:
    before = set(logs._hidden)
    logs.hide(secret)
    maker = logs.JsonLines() if form == "json" else logs.TextLines()
    record = logging.LogRecord("x", logging.INFO, "p", 1, "zz %s zz", (secret,), None)
    line = maker.format(record)
    logs._hidden.clear()
    logs._hidden.update(before)
    middle = line.partition("zz ")[2].rpartition(" zz")[0]
    assert middle in (BLOT, BLOT.replace("\n", " ")) or secret not in line


def test_an_address_without_a_secret_hides_nothing_that_matters() -> None:
    before = set(logs._hidden)
    hide_address("http://127.0.0.1:8545")
    assert logs._hidden == before
