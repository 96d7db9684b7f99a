"""The application's routes keep their place before the pages, and their limits."""

from __future__ import annotations

from pathlib import Path

import httpx

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.api.app import make_app
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.mounting import larger_bodies, patient_paths
from neurovoyance.marketplace.dapp.storage import FileDesk


def test_every_route_of_the_pages_is_described(parts: Parts) -> None:
    paths = set(make_app(parts).openapi()["paths"])
    assert {
        "/api/config",
        "/api/rpc",
        "/api/faucet",
        "/api/node",
        "/api/node/{number}/pause",
        "/api/storage",
        "/api/storage/model",
        "/api/storage/{cid}",
    } <= paths


async def test_pages_stand_behind_the_routes(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>app</title>")
    parts.dapp.static = tmp_path
    transport = httpx.ASGITransport(make_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        page = {"Accept": "text/html"}
        found = {
            path: (await client.get(path, headers=page)).headers["content-type"].split(";")[0]
            for path in ("/", "/jobs", "/v1/health", "/openapi.json", "/metrics", "/api/none")
        }
    assert found == {
        "/": "text/html",
        "/jobs": "text/html",
        "/v1/health": "application/json",
        "/openapi.json": "application/json",
        "/metrics": "text/plain",
        "/api/none": "application/problem+json",
    }


async def test_only_where_files_are_kept_may_bodies_be_long(parts: Parts, tmp_path: Path) -> None:
    assert larger_bodies(parts) == {"/api/rpc": 262_144}
    async with EmbeddedBackend(tmp_path / "storage") as backend:
        parts.dapp.storage = FileDesk(backend, upload_max_bytes=7, folder=tmp_path)
        assert larger_bodies(parts) == {
            "/api/rpc": 262_144,
            "/api/storage": 7,
            "/api/storage/model": 7,
        }
    assert patient_paths() == {"/api/storage", "/api/storage/model"}
