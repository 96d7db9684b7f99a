"""A look at a running node has its answer, its owner's part and its money from the chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.node_chain import own_settings, reading
from neurovoyance.cli.status_facts import Looker, require_settings, url_of
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.units import nvy


async def test_a_look_at_ones_own_node_has_all_parts(
    home: Path, settled_job: dict[str, Any]
) -> None:
    settings = own_settings(home / "local" / "node-1" / "node.toml", None)
    assert settings is not None
    async with reading(settings, home) as contracts:
        looker = Looker(url_of(settings), settings, contracts)
        facts = await looker.look()
        again = await looker.look()
    assert facts.missing == [] and facts.owner is not None and facts.money is not None
    assert facts.money.own_wei == nvy("5000")
    [(reason, amount_wei)] = facts.money.of_job[settled_job["job_id"]]
    assert reason == "job" and amount_wei > 0
    assert facts.money.income_wei["job"] >= amount_wei
    assert facts.money.as_json()["own_wei"] == str(nvy("5000"))
    assert again.money is not None and again.money.own_wei == facts.money.own_wei


async def test_vesting_has_its_next_date(economy_home: Path, economy_provider: str) -> None:
    from neurovoyance.cli.status_facts import Money, _add_vesting

    async with reading(None, economy_home) as contracts:
        money = Money(0, 0, 0, 0, 0, chain_time_s=await contracts.client.time_s())
        await _add_vesting(money, contracts, economy_provider)
        due = await contracts.vault.unvested_of_wei(economy_provider)
    assert (money.vesting_wei, bool(money.next_vest_s)) == (due, due > 0)


def test_without_settings_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no node settings"):
        require_settings(None, tmp_path)
