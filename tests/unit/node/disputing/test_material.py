"""Jobs of disputes are looked up on chain, and have to be those that the facts name."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.node.conftest import CLIENT, OWNER
from tests.unit.node.content import publish_certified
from tests.unit.node.disputing.conftest import ENDPOINT, Bench
from tests.unit.node.disputing.court import facts

from neurovoyance.node.disputing.material import Registrar
from neurovoyance.protocol.audit import DisputeFacts
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.units import nvy


async def listed(bench: Bench, source: str = "", **changes: Any) -> DisputeFacts:
    """List a certified job, with changes of its spec; return facts that name it."""
    spec = await publish_certified(bench.storage, **changes)
    market, client = bench.court.contracts.market, bench.court.contracts.client
    salt = (await client.block_number()).to_bytes(32, "big")
    until_s = await client.time_s() + 3_600
    await market.post(
        CLIENT,
        spec,
        salt,
        max_price_wei=nvy("1"),
        min_lock_wei=0,
        deadline_s=until_s,
        source=source,
    )
    job_id = await market.job_id_of(CLIENT.address, salt, spec.spec_hash())
    return facts(
        job_id=job_id,
        model_id=spec.model_id,
        job_class=int(JobClass.TENSOR),
        provider=OWNER.address,
        rows=3,
    )


async def test_material_is_held_with_the_providers_gateway_first(bench: Bench) -> None:
    about = await listed(bench, "http://127.0.0.1:10")
    found = await Registrar(bench.court, bench.intake, bench.content).material(about)
    assert found.sources == (ENDPOINT, "http://127.0.0.1:10")
    assert found.held.input_path.exists()
    assert not found.is_exact
    assert found.compared.is_projected
    assert found.posted_block > 0


async def test_a_job_that_was_never_listed_or_is_another_is_no_material(bench: Bench) -> None:
    registrar = Registrar(bench.court, bench.intake, bench.content)
    with pytest.raises(VerificationError, match="cannot be found"):
        await registrar.material(facts())
    about = await listed(bench)
    wrong = facts(job_id=about.job_id, model_id=b"\x01" * 32)
    with pytest.raises(VerificationError, match="another"):
        await registrar.material(wrong)
