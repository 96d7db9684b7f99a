"""The pages learn what there is, and nothing that is secret."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.unit.marketplace.market_events import DEPLOYMENT

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.config_routes import ConfigReply
from neurovoyance.marketplace.dapp.nodes import Nodes
from neurovoyance.marketplace.dapp.storage import FileDesk


@pytest.fixture
def settings_given(settings_given: dict[str, object]) -> dict[str, object]:
    return settings_given | {"rpc_urls": ["https://rpc.example/hush-key"]}


async def test_a_bare_service_says_what_it_lacks(service: httpx.AsyncClient, parts: Parts) -> None:
    parts.dapp.static = Path("/nowhere")
    answer = await service.get("/api/config")
    assert answer.headers["cache-control"] == "no-cache"
    assert "hush" not in answer.text
    found = ConfigReply.model_validate(answer.json())
    assert (found.chain_id, found.deploy_block) == (31337, DEPLOYMENT.deploy_block)
    assert found.contracts == {
        name: str(value) for name, value in DEPLOYMENT.named_addresses().items()
    }
    assert set(found.contracts) == {"token", "beacon", "stake_manager", "market"}
    assert (found.token.symbol, found.token.decimals) == ("NVY", 18)
    assert found.wallet_rpc_url == "http://localhost/api/rpc"
    assert (found.paths.rest, found.paths.faucet, found.paths.storage) == ("/v1", None, None)
    flags = found.flags.model_dump()
    assert {name for name, is_set in flags.items() if is_set} == {"devnet"}
    assert (found.build, found.grants, found.limits.upload_max_bytes) == (None, None, 0)


async def test_what_there_is_has_a_path(
    service: httpx.AsyncClient, parts: Parts, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<p>built")
    parts.dapp.static = tmp_path
    parts.dapp.nodes = Nodes(["http://127.0.0.1:1"])
    async with EmbeddedBackend(tmp_path / "storage") as backend:
        parts.dapp.storage = FileDesk(backend, upload_max_bytes=99, folder=tmp_path)
        found = ConfigReply.model_validate((await service.get("/api/config")).json())
    assert (found.paths.nodes, found.paths.storage, found.paths.gateway) == (
        "/api/node",
        "/api/storage",
        "/ipfs",
    )
    assert found.flags.nodes
    assert found.flags.node_steering
    assert found.limits.upload_max_bytes == 99
    assert found.build is not None
    assert len(found.build) == 12
