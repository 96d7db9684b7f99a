"""A service that is configured and silent is found; one that is not configured is well."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from neurovoyance.cli.doctor_finding import State
from neurovoyance.cli.doctor_services import (
    check_database,
    check_kubo,
    check_markets,
    check_redis,
    check_unit,
)

from .test_doctor_node import settings


async def test_what_is_not_configured_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEUROVOYANCE_MARKET_DATABASE_URL", raising=False)
    assert (await check_kubo(None)).state is State.OK
    assert (await check_redis(settings(tmp_path))).state is State.OK
    assert (await check_markets([])).state is State.OK
    assert (await check_database()).state is State.OK


async def test_silent_services_are_found_and_no_password_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubo = await check_kubo("http://127.0.0.1:9")
    assert kubo.state is State.FAIL and "ipfs daemon" in kubo.next
    redis = await check_redis(settings(tmp_path, farm_redis="redis://:hunter22@127.0.0.1:9/0"))
    assert redis.state is State.FAIL
    assert (await check_markets(["http://127.0.0.1:9"])).state is State.WARN
    url = "postgresql://me:hunter22@127.0.0.1:9/x"
    monkeypatch.setenv("NEUROVOYANCE_MARKET_DATABASE_URL", url)
    database = await check_database()
    assert database.state is State.FAIL
    for finding in (redis, database):
        assert "hunter22" not in finding.found + finding.next
    monkeypatch.setenv("NEUROVOYANCE_MARKET_DATABASE_URL", f"sqlite:///{tmp_path}/market.sqlite")
    assert (await check_database()).state is State.OK


@pytest.mark.parametrize(
    ("active", "enabled", "state"),
    [
        ("active", "enabled", State.OK),
        ("inactive", "enabled", State.WARN),
        ("inactive", "not-found", State.UNKNOWN),
    ],
)
def test_the_unit_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, active: str, enabled: str, state: State
) -> None:
    tool = tmp_path / "systemctl"
    tool.write_text(f'#!/bin/sh\n[ "$1" = is-active ] && echo {active} || echo {enabled}\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert check_unit().state is state


def test_without_systemd_nobody_can_tell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_unit().state is State.UNKNOWN
