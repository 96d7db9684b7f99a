"""Whoever fetches every listed file and hashes it comes to the hash that the service tells."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx

from neurovoyance.marketplace.api.app import make_app
from neurovoyance.marketplace.api.parts import Parts


async def test_the_served_files_have_the_hashes_that_are_told(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>built" + " " * 2_000)
    (tmp_path / "assets" / "a-12345678.js").write_text("1;")
    parts.dapp.static = tmp_path
    transport = httpx.ASGITransport(make_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        told = (await client.get("/api/build")).json()
        lines = ""
        for name, digest in sorted(told["files"].items()):
            served = (await client.get(f"/{name}")).content
            assert hashlib.sha256(served).hexdigest() == digest
            lines += f"{digest}  {name}\n"
        assert hashlib.sha256(lines.encode()).hexdigest() == told["build"]
        assert (await client.get("/api/config")).json()["build"] == told["build"][:12]


async def test_a_service_without_pages_says_so(service: httpx.AsyncClient, parts: Parts) -> None:
    parts.dapp.static = Path("/nowhere")
    assert (await service.get("/api/build")).status_code == 404
