"""An invitation is read strictly, and never takes a folder from another network."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from neurovoyance.chain.deployment import Deployment, load_deployment, record_of
from neurovoyance.client.joining import (
    DEPLOYMENT_NAME,
    INVITATION_MAX_BYTES,
    Invitation,
    fetch_invitation,
    join,
    parse_invitation,
)
from neurovoyance.client.opening import PROFILE_NAME
from neurovoyance.client.settings import load_profile
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import Address

CHAIN_ID = 31_337
DEPLOYMENT = Deployment(
    CHAIN_ID, "0x" + "ab" * 32, 3, *(Address("0x" + f"{i:040x}") for i in (1, 2, 3, 4))
)


def document(**changes: Any) -> dict[str, Any]:
    return {
        "name": "trial",
        "chain_id": CHAIN_ID,
        "rpc_urls": ["http://127.0.0.1:8545"],
        "deployment": record_of(DEPLOYMENT),
        "peers": ["http://127.0.0.1:9000"],
        **changes,
    }


def invitation(**changes: Any) -> Invitation:
    return parse_invitation(json.dumps(document(**changes)).encode(), "here")


def test_a_folder_gets_profile_and_contracts(tmp_path: Path) -> None:
    join(invitation(), tmp_path / "home", devnet_account=41)
    profile = load_profile(tmp_path / "home" / PROFILE_NAME)
    assert (profile.name, profile.devnet_account) == ("trial", 41)
    assert profile.peers == ["http://127.0.0.1:9000"]
    assert load_deployment(tmp_path / "home" / DEPLOYMENT_NAME, CHAIN_ID) == DEPLOYMENT


def test_an_invitation_of_a_profile_leads_back_to_it(tmp_path: Path) -> None:
    profile = join(invitation(), tmp_path, devnet_account=41)
    again = Invitation.of(profile, DEPLOYMENT, peers=profile.peers)
    assert again == invitation()
    assert "devnet_account" not in again.model_dump_json()


def test_another_networks_folder_is_kept(tmp_path: Path) -> None:
    join(invitation(), tmp_path, devnet_account=41)
    before = (tmp_path / PROFILE_NAME).read_bytes()
    other = invitation(name="other", rpc_urls=["http://127.0.0.1:1"])
    with pytest.raises(ConfigError, match="belongs to the network trial") as caught:
        join(other, tmp_path, devnet_account=42)
    assert "--replace" in str(caught.value.hint)
    assert (tmp_path / PROFILE_NAME).read_bytes() == before
    join(other, tmp_path, devnet_account=42, replaces=True)
    assert load_profile(tmp_path / PROFILE_NAME).name == "other"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"rpc_urls": []}, "rpc_urls"),
        ({"rpc_urls": ["file:///etc/passwd"]}, "rpc_urls"),
        ({"chain_id": "31337"}, "chain_id"),
        ({"keystore": "mine"}, "keystore"),
        ({"format": 2}, "format"),
        ({"peers": ["http://a b"]}, "peers"),
    ],
)
def test_faults_are_named(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        invitation(**changes)
    assert any(item.startswith(fault) for item in caught.value.context["faults"])


@pytest.mark.parametrize("raw", [b"", b"nothing", b"[" * 50_000, b"\xff\xfe", b"[]"])
def test_what_is_no_invitation_is_refused(raw: bytes) -> None:
    with pytest.raises(ConfigError, match="is not an invitation"):
        parse_invitation(raw, "here")


def test_an_endless_file_is_read_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b" " * (INVITATION_MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than"):
        asyncio.run(fetch_invitation(str(path)))


def test_contracts_of_another_chain_are_refused(tmp_path: Path) -> None:
    record = {**record_of(DEPLOYMENT), "chain_id": 1}
    with pytest.raises(ConfigError, match="names chain 31337, and contracts of chain 1"):
        join(invitation(deployment=record), tmp_path, devnet_account=41)
    with pytest.raises(ConfigError, match="damaged"):
        join(invitation(deployment={}), tmp_path, devnet_account=41)
    assert list(tmp_path.iterdir()) == []


async def test_it_comes_over_http(tmp_path: Path) -> None:
    async def serve(request: web.Request) -> web.Response:
        del request
        return web.json_response(document())

    app = web.Application()
    app.router.add_get("/invitation.json", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        assert await fetch_invitation(url + "/invitation.json") == invitation()
        with pytest.raises(ConfigError, match="cannot be fetched"):
            await fetch_invitation(url + "/elsewhere")
    finally:
        await runner.cleanup()
    with pytest.raises(ConfigError, match="cannot be fetched"):
        await fetch_invitation(url + "/invitation.json")
    with pytest.raises(ConfigError, match="cannot be read"):
        await fetch_invitation(str(tmp_path / "missing"))
