"""Whose rewards the demo follows, and what it tells of the canary; the demo itself plays it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from neurovoyance.cli.demo_canary import CanaryStory, canary_json, followed, play_canary
from neurovoyance.cli.local_node import LocalNode


def node(name: str) -> Any:
    return SimpleNamespace(name=name, owner=SimpleNamespace(address="0x" + name))


class Network:
    """Three nodes, the last of which cheats."""

    def __init__(self) -> None:
        self.nodes: list[LocalNode] = [node("a"), node("b"), node("c")]
        self.honest = self.nodes[:2]

    def node_of(self, provider: str) -> LocalNode | None:
        return next((one for one in self.nodes if one.owner.address == provider), None)


def test_the_drawn_node_is_followed_and_without_one_the_best_paid_honest_one() -> None:
    network: Any = Network()
    receipts = [
        {"provider": "0xa", "paid_wei": "5"},
        {"provider": "0xb", "paid_wei": "3"},
        {"provider": "0xb", "paid_wei": "3"},
        {"provider": "0xc", "paid_wei": "99"},
    ]
    assert followed(network, CanaryStory(), receipts).name == "b"
    assert followed(network, CanaryStory(provider="0xa"), receipts).name == "a"
    assert followed(network, CanaryStory(), []).name == "a"


async def test_no_canary_is_asked_for_when_its_model_is_not_registered() -> None:
    async def models() -> list[Any]:
        return [SimpleNamespace(model_id=bytes(32))]

    async def model(_model_id: bytes) -> Any:
        from neurovoyance.chain.registry import ModelState

        return SimpleNamespace(state=ModelState.NONE)

    contracts = SimpleNamespace(
        canaries=SimpleNamespace(models=models), registry=SimpleNamespace(model=model)
    )
    client: Any = SimpleNamespace(session=SimpleNamespace(contracts=contracts))
    network: Any = Network()
    assert await play_canary(network, client) == CanaryStory()


def test_programs_read_the_price_as_a_decimal_string() -> None:
    shown = canary_json(CanaryStory("0xa", "node 1", 10**17, 1, 2))
    assert shown == {
        "provider": "0xa",
        "name": "node 1",
        "price_wei": "100000000000000000",
        "passed": 1,
        "drawn": 2,
    }
