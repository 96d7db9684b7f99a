"""The record of a deployment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.chain.deployment import Deployment, load_deployment, save_deployment
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import parse_address

ADDRESSES = [parse_address("0x" + f"{n:040x}") for n in range(1, 5)]
DEPLOYMENT = Deployment(31337, "0x" + "ab" * 32, 7, *ADDRESSES)


def test_it_is_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "31337.json"
    save_deployment(DEPLOYMENT, path)
    assert load_deployment(path, 31337) == DEPLOYMENT
    assert DEPLOYMENT.contract_addresses() == tuple(ADDRESSES)
    assert [p.name for p in path.parent.iterdir()] == ["31337.json"]


def test_another_chain_is_refused_with_both_ids(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    save_deployment(DEPLOYMENT, path)
    with pytest.raises(ConfigError, match="of chain 31337, not of 1"):
        load_deployment(path, 1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.json"):
        load_deployment(tmp_path / "gone.json", 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 2},
        {"genesis_hash": "0x12"},
        {"genesis_hash": None},
        {"chain_id": "31337"},
        {"deploy_block": -1},
        {"market": "0x12"},
        {"token": None},
    ],
)
def test_damage_is_noticed(tmp_path: Path, changed: dict[str, object]) -> None:
    path = tmp_path / "d.json"
    save_deployment(DEPLOYMENT, path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(ConfigError, match="damaged"):
        load_deployment(path, 31337)


@pytest.mark.parametrize("text", ["", "[", "[]", "7", "[" * 100_000])
def test_text_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "d.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="damaged"):
        load_deployment(path, 31337)
