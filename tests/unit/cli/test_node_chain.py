"""The chain is read without a key: by the node's settings, or by the home's profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.cli.node_chain import own_settings, reading
from neurovoyance.protocol.errors import ConfigError


async def test_profile_and_settings_lead_to_the_same_contracts(home: Path) -> None:
    settings = own_settings(home / "local" / "node-1" / "node.toml", None)
    assert settings is not None
    async with reading(settings, home) as by_settings, reading(None, home) as by_profile:
        assert by_settings.deployment == by_profile.deployment
        assert (await by_profile.stakes.stake_of(settings.owner)).own_wei > 0


def test_no_settings_are_no_fault_unless_they_were_named(tmp_path: Path) -> None:
    assert own_settings(None, tmp_path) is None
    with pytest.raises(ConfigError, match="no node settings"):
        own_settings(tmp_path / "node.toml", None)
