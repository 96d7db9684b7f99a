"""The story of a cheat is read off the facts of its job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli.demo_audits import CheatStory, tell_cheat
from neurovoyance.cli.local_node import LocalNode
from neurovoyance.cli.opened import opened
from neurovoyance.cli.processes import Child

FACTS: dict[str, Any] = {
    "state": "Rejected",
    "audit": {
        "rounds": [
            {"distance_in_tau": "12.500"},
            {"flags": 2},
            {"distance_in_tau": "13.001"},
        ]
    },
    "slashes": [{"amount_wei": "3"}, {"amount_wei": "4000000000000000000"}],
}


def test_distances_and_losses_are_those_of_the_facts() -> None:
    story = CheatStory("node 4", FACTS, [])
    assert story.distances == ["12.500", "13.001"]
    assert story.slashed_wei == 4 * 10**18 + 3


def test_without_facts_nothing_is_claimed() -> None:
    for facts in ({}, {"audit": None}):
        story = CheatStory("node 4", facts)
        assert (story.distances, story.slashed_wei, story.words) == ([], 0, [])


async def test_who_was_not_hired_has_no_story(
    audited_network: dict[str, Any], audited_job: str, tmp_path: Path
) -> None:
    child = Child("node-9", ["neurovoyance.node"], tmp_path / "log")
    stranger = LocalNode("node 9", devnet_wallet(8), devnet_wallet(9), 1, child)
    async with opened(Path(audited_network["home"])) as client:
        story = await tell_cheat(client, stranger, await client.job(audited_job))
    assert (story.name, story.facts, story.words) == ("node 9", {}, [])
