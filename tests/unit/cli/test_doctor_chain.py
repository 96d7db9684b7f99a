"""Endpoints that lie, lag or are away are told apart, and foreign contracts are noticed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from neurovoyance.cli import doctor_chain
from neurovoyance.cli.doctor_chain import (
    Head,
    Where,
    check_agreement,
    check_chain,
    check_clock,
    check_endpoints,
    check_fit,
    head_of,
)
from neurovoyance.cli.doctor_finding import State
from neurovoyance.cli.node_chain import reading

UP, AWAY = Head("a", 100, 1), Head("b", error="b does not answer.")


def where(*urls: str) -> Where:
    return Where(urls, 31337, Path("nowhere.json"), False, Path("nowhere"))


@pytest.mark.parametrize(
    ("heads", "is_devnet", "state", "words"),
    [
        ([UP], False, State.OK, "1 of 1 endpoints"),
        ([UP, AWAY], False, State.WARN, "b does not answer"),
        ([AWAY], False, State.FAIL, "b does not answer"),
        ([AWAY], True, State.FAIL, "b does not answer"),
    ],
)
def test_endpoints_that_are_away_are_named(
    heads: list[Head], is_devnet: bool, state: State, words: str
) -> None:
    found = check_endpoints(heads, is_devnet=is_devnet)
    assert found.state is state and words in found.found
    if is_devnet:
        assert "neurovoyance up" in found.next


async def test_one_that_lags_and_ones_that_differ_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behind = await check_agreement(where("x", "y"), [UP, Head("slow", 10, 1)])
    assert behind.state is State.WARN and "slow is 90 blocks behind" in behind.found
    alone = await check_agreement(where("x"), [UP])
    assert alone.state is State.WARN

    hashes = {"x": "0x01", "y": "0x02"}

    async def hash_of(url: str, chain_id: int, number: int) -> str:
        assert number == 97
        return hashes[url]

    monkeypatch.setattr(doctor_chain, "_hash_of", hash_of)
    heads = [UP, Head("b", 101, 1)]
    assert (await check_agreement(where("x", "y"), heads)).state is State.FAIL
    hashes["y"] = "0x01"
    assert (await check_agreement(where("x", "y"), heads)).state is State.OK


@pytest.mark.parametrize(
    ("ahead_s", "is_devnet", "state"),
    [(0, False, "ok"), (10_000, True, "warn"), (10_000, False, "fail"), (-10_000, True, "fail")],
)
def test_a_clock_that_is_off_fails(ahead_s: int, is_devnet: bool, state: str) -> None:
    assert check_clock(int(time.time()) + ahead_s, is_devnet=is_devnet).state == state


async def test_a_running_chain_is_asked_and_another_chain_refused(
    home: Path, tmp_path: Path
) -> None:
    profile = json.loads((home / "network.json").read_text())
    url, path = profile["rpc_urls"][0], home / profile["deployment"]
    findings, client = await check_chain(Where([url, url], 31337, path, True, tmp_path))
    assert client is not None
    await client.close()
    found = {finding.name: finding for finding in findings}
    names = {"chain", "chain id", "agreement", "clock", "contracts", "version"}
    assert set(found) == names
    assert {found[name].state for name in names - {"clock"}} == {State.OK}
    assert "serves chain 31337" in (await head_of(url, 1)).error
    assert (await head_of("http://127.0.0.1:9", 1)).error


async def test_contracts_of_another_version_are_noticed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = dict(doctor_chain._NAMES) | {"token": "JobMarket"}
    monkeypatch.setattr(doctor_chain, "_NAMES", names)
    async with reading(None, home) as contracts:
        found = await check_fit(contracts.client, contracts.deployment)
    assert found.state is State.FAIL and "JobMarket." in found.found
