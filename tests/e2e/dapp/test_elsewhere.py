"""What the form of a job gives to be run elsewhere does what it says, as it stands there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from tests.e2e.dapp.world import WAIT_S, World

from neurovoyance.chain.devnet_keys import devnet_wallet

TERMS = {
    "Maximum price, NVY": "0.5",
    "Longest runtime, seconds": "45",
    "Challenge window, minutes": "11",
    "Auditors, if one is drawn": "2",
    "Gain of a false result, NVY": "0.25",
}
CLIENT = devnet_wallet(1).address
"""Whose profile a network leaves in its home folder."""


@pytest.fixture
def form(tab: Tab, world: World) -> Tab:
    """The form, with a whole job of terms that are nobody's default."""
    tab.goto(f"/jobs/new?model={world.names['model']}&sample=1")
    expect(tab.get_by_text("uploaded", exact=True)).to_be_visible()
    tab.get_by_text("More terms").click()
    for label, text in TERMS.items():
        tab.get_by_label(label).fill(text)
    return tab


def text_of(form: Tab, name: str) -> str:
    form.get_by_role("tab", name=name).click()
    return form.get_by_label(f"{name} text", exact=True).inner_text()


def environment(world: World, folder: Path) -> dict[str, str]:
    """A machine whose home folder is a client's, and whose programs are this project's."""
    (folder / ".neurovoyance").symlink_to(world.network.home)
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    return {"HOME": str(folder), "PATH": os.pathsep.join(paths), "NO_PROXY": "*"}


def jobs_of(world: World) -> list[dict[str, Any]]:
    params: dict[str, str | int] = {"client": CLIENT, "limit": 200}
    answer = httpx.get(f"{world.url}/v1/jobs", params=params, trust_env=False, timeout=60)
    return list(answer.raise_for_status().json()["items"])


def paid_job(world: World, command: list[str], said: str, folder: Path) -> dict[str, Any]:
    """Run a command until its one job is paid, or drawn for an audit, which takes until its end."""
    known = {row["job_id"] for row in jobs_of(world)}
    with (folder / "log").open("w+") as log, subprocess.Popen(
        command, cwd=folder, env=environment(world, folder), text=True,
        stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(said)
        process.stdin.close()
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            has_ended = process.poll() is not None
            new = [row for row in jobs_of(world) if row["job_id"] not in known]
            if any(row["state"] == "Settled" or row["is_audited"] for row in new):
                (row,) = new
                if row["is_audited"]:
                    end(process)
                else:
                    assert process.wait(WAIT_S) == 0, (folder / "log").read_text()
                return row
            assert not has_ended or process.returncode == 0, (folder / "log").read_text()
            time.sleep(0.2)
        end(process)
    raise AssertionError((folder / "log").read_text())


def end(process: subprocess.Popen[str]) -> None:
    """End a command and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def check_terms(row: dict[str, Any], world: World) -> None:
    spec = row["spec"]
    assert row["model_id"] == world.names["model"]
    assert (spec["max_runtime_s"], spec["window_s"], spec["audit_slots"]) == (45, 660, 2)
    assert int(spec["declared_gain_wei"]) == 25 * 10**16
    assert 0 < int(row["price_wei"]) <= 5 * 10**17


def test_the_request_names_binding_prices(form: Tab, tmp_path: Path, world: World) -> None:
    done = subprocess.run(
        ["bash", "-c", text_of(form, "cURL")], env=environment(world, tmp_path),
        capture_output=True, text=True, timeout=WAIT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr  # curl -f fails on what is not 2xx
    answer = json.loads(done.stdout)
    assert answer["offers"], answer
    assert all(0 < int(line["price_wei"]) <= 5 * 10**17 for line in answer["offers"])


def test_the_command_line_runs_the_job_and_pays(form: Tab, tmp_path: Path, world: World) -> None:
    command = ["bash", "-ec", text_of(form, "CLI")]
    check_terms(paid_job(world, command, "y\n", tmp_path), world)


def test_the_program_runs_the_job_and_pays(form: Tab, tmp_path: Path, world: World) -> None:
    (tmp_path / "job.py").write_text(text_of(form, "Python"))
    check_terms(paid_job(world, [sys.executable, "job.py"], "", tmp_path), world)
