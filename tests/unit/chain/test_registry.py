"""The registry's facade reads back what was registered, field by field."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.registry import ModelRecord, ModelState
from neurovoyance.chain.reverts import ModelRegistryOnlyArbiter
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.tokenomics.params import default_of

from .court_world import BANK, CLIENT, court_world, struct_fields


def test_a_model_record_has_the_fields_of_the_struct_in_order() -> None:
    assert struct_fields("ModelRegistry", "model") == [
        *("tauSq", "tensorPool", "rows", "state", "activeAt", "verifyRowsHash", "exactPool"),
    ]
    assert ModelRecord._fields == (
        *("tau_sq", "tensor_pool", "rows", "state", "active_at_s", "verify_rows_hash"),
        "exact_pool",
    )


async def test_a_registered_model_has_the_terms_of_its_manifest(tmp_path: Path) -> None:
    async with court_world(tmp_path, AuditSettings.local()) as world:
        registry, model_id = world.contracts.registry, world.spec.model_id
        record = await registry.model(model_id)
        assert record.terms() == world.manifest.read_terms()
        assert record.state is ModelState.REGISTERED
        assert record.active_at_s <= await world.contracts.client.time_s()
        assert await registry.registrant_of(model_id) == BANK.address
        assert await registry.bond_of_wei(model_id) == default_of("registrantBondWei")
        assert (await registry.arbiter(), await registry.activation_delay_s()) == (BANK.address, 0)

        unknown = b"\x01" * 32
        assert (await registry.model(unknown)).state is ModelState.NONE
        assert await registry.registrant_of(unknown) == ZERO_ADDRESS

        with pytest.raises(ModelRegistryOnlyArbiter):
            await registry.suspend(CLIENT, model_id)
        assert not await registry.is_suspended(model_id)
        await registry.suspend(BANK, model_id)
        assert await registry.is_suspended(model_id)
        assert (await registry.model(model_id)).state is ModelState.SUSPENDED
