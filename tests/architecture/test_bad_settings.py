"""Whatever stands in a setting's place, each setting of each program refuses it by its own name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from neurovoyance.client.settings import NetworkProfile, load_profile
from neurovoyance.marketplace.settings import MarketSettings, make_settings
from neurovoyance.node.idle.settings import IdleSettings
from neurovoyance.node.settings import NodeSettings, load_settings
from neurovoyance.protocol.errors import ConfigError

SCRIPT = "<script>window.broken=1</script>"
NODE = {
    "rpc_urls": ["http://127.0.0.1:1"],
    "deployment_path": "d",
    "data_dir": "d",
    "owner": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "operator_keystore": "k",
}
MARKET = {
    "database_url": "sqlite:///a",
    "rpc_urls": ["http://127.0.0.1:1"],
    "chain_id": 31337,
    "deployment_path": Path("d"),
    "state_dir": Path("s"),
}
PROFILE = {"name": "a", "chain_id": 31337, "rpc_urls": ["http://a"], "deployment": "d"}
Load = Callable[[str, Any, Path], object]


def node(field: str, value: Any, _: Path) -> object:
    return load_settings(environ={}, arguments=NODE | {field: value})


def idle(field: str, value: Any, _: Path) -> object:
    return load_settings(environ={}, arguments=NODE | {"idle": {field: value}})


def market(field: str, value: Any, _: Path) -> object:
    return make_settings(MARKET | {field: value}, {})


def profile(field: str, value: Any, folder: Path) -> object:
    (folder / "network.json").write_text(json.dumps(PROFILE | {field: value}))
    return load_profile(folder / "network.json")


KINDS: list[tuple[Load, type[BaseModel]]] = [
    (node, NodeSettings),
    (idle, IdleSettings),
    (market, MarketSettings),
    (profile, NetworkProfile),
]
FIELDS = [(load, kind, name) for load, kind in KINDS for name in kind.model_fields]


def numeric(kind: type[BaseModel], field: str) -> dict[str, Any] | None:
    """Return a field's range, if it is a number."""
    wanted = kind.model_json_schema()["properties"][field]
    for found in (wanted, *wanted.get("anyOf", ())):
        if found.get("type") in {"integer", "number"}:
            return dict(found)
    return None


def bad_values(kind: type[BaseModel], field: str) -> list[Any]:
    """Return what no program can take there."""
    bad: list[Any] = [{"colour": SCRIPT}, [[SCRIPT]], [{}]]
    found = numeric(kind, field)
    if found is not None:
        bad += [SCRIPT, "many", "", math.nan]
        bad += [-1, found.get("minimum", 0) - 1]
        if "maximum" in found:
            bad += [found["maximum"] + 1, 10**40]
    return bad


@pytest.mark.parametrize(
    ("load", "kind", "field"), FIELDS, ids=[f"{load.__name__} {name}" for load, _, name in FIELDS]
)
def test_a_bad_value_is_refused_by_the_name_of_its_setting(
    load: Load, kind: type[BaseModel], field: str, tmp_path: Path
) -> None:
    for value in bad_values(kind, field):
        with pytest.raises(ConfigError) as caught:
            load(field, value, tmp_path)
        assert field in caught.value.message, (value, caught.value.message)
        assert caught.value.message.endswith("."), "a full sentence"
        assert caught.value.hint.endswith(".")
        assert SCRIPT not in json.dumps(caught.value.to_wire()), "a value could be a secret"


@pytest.mark.parametrize(("load", "kind"), KINDS, ids=[load.__name__ for load, _ in KINDS])
def test_a_setting_that_does_not_exist_is_named(
    load: Load, kind: type[BaseModel], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="colour"):
        load("colour", "red", tmp_path)
    assert kind.model_config["extra"] == "forbid"
