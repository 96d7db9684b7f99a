"""Uploads and downloads as a page does them: same origin, bounded, verifiable, never a page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.e2e.test_nine_stages import matmul_model

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.api.app import make_app
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.storage import FileDesk

BINARY = {"Content-Type": "application/octet-stream"}
LIMIT_BYTES = 200_000


@pytest.fixture
async def files(parts: Parts, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with EmbeddedBackend(tmp_path / "storage") as backend:
        parts.dapp.storage = FileDesk(backend, upload_max_bytes=LIMIT_BYTES, folder=tmp_path / "up")
        transport = httpx.ASGITransport(make_app(parts), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client


async def test_a_file_goes_up_and_comes_back(files: httpx.AsyncClient) -> None:
    data = b"<script>alert(1)</script>" * 6_000  # longer than other bodies may be
    sent = await files.post("/api/storage", content=data, headers=BINARY)
    assert sent.status_code == 201
    said = sent.json()
    cid = Cid.from_text(said["cid"])
    assert said["cid_hex"] == "0x" + cid.binary.hex()
    assert (said["size_bytes"], said["source"]) == (len(data), "http://localhost")
    back = await files.get(f"/api/storage/{cid}")
    assert back.content == data
    assert back.headers["content-type"] == "application/octet-stream"
    assert back.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in back.headers["content-security-policy"]
    assert back.headers["content-length"] == str(len(data))


@pytest.mark.parametrize("form", ["raw", "car"])
async def test_the_gateway_is_there_for_this_origin_alone(
    files: httpx.AsyncClient, form: str
) -> None:
    sent = await files.post("/api/storage", content=b"hello", headers=BINARY)
    answer = await files.get(f"/ipfs/{sent.json()['cid']}?format={form}")
    assert answer.status_code == 200
    assert b"hello" in answer.content
    assert "access-control-allow-origin" not in answer.headers
    assert (await files.get("/routing/v1/providers/x")).status_code == 404


async def test_a_model_is_told_what_it_is(files: httpx.AsyncClient, tmp_path: Path) -> None:
    data = matmul_model(tmp_path / "m.onnx").read_bytes()
    sent = await files.post("/api/storage/model?name=sum", content=data, headers=BINARY)
    assert sent.status_code == 201
    said = sent.json()
    assert len(said["model_id"]) == 66
    assert (said["manifest"]["name"], said["manifest"]["model_cid"]) == ("sum", said["cid"])
    broken = await files.post("/api/storage/model", content=b"x", headers=BINARY)
    assert (broken.status_code, broken.json()["code"]) == (422, "execution.model")


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", ""])
async def test_what_a_foreign_page_could_send_is_refused(
    files: httpx.AsyncClient, kind: str
) -> None:
    answer = await files.post("/api/storage", content=b"x", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, "spec")


async def test_too_long_is_refused_whether_announced_or_not(files: httpx.AsyncClient) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(LIMIT_BYTES // 1_000 + 1):
            yield b"x" * 1_000

    for body in (b"x" * (LIMIT_BYTES + 1), drip()):
        answer = await files.post("/api/storage", content=body, headers=BINARY)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.market.too_large")


async def test_a_sender_that_falls_silent_is_given_up(
    files: httpx.AsyncClient, parts: Parts
) -> None:
    parts.settings = parts.settings.model_copy(update={"request_timeout_s": 0.05})

    async def silent() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    answer = await files.post("/api/storage", content=silent(), headers=BINARY)
    assert (answer.status_code, answer.json()["code"]) == (503, "request.market.timeout")


@pytest.mark.parametrize("cid", ["bafkqaaa1", "short", "bafkreihmm7rhptt56dp47kaxgsfallqi5z5w2z"])
async def test_a_bad_cid_is_named(files: httpx.AsyncClient, cid: str) -> None:
    answer = await files.get(f"/api/storage/{cid}")
    assert (answer.status_code, answer.json()["code"][:4]) == (422, "spec")


async def test_what_is_nowhere_is_404(files: httpx.AsyncClient) -> None:
    cid = "bafkreihmm7rhptt56dp47kaxgsfallqi5z5w2zlyxzf47kusg3cvx3365m"
    answer = await files.get(f"/api/storage/{cid}")
    assert (answer.status_code, answer.json()["code"]) == (404, "storage.not_found")
    assert (await files.get(f"/ipfs/{cid}?format=raw")).status_code == 404


async def test_a_service_without_storage_says_so(service: httpx.AsyncClient) -> None:
    for answer in (
        await service.post("/api/storage", content=b"x", headers=BINARY),
        await service.get("/api/storage/bafkreihmm7rhptt"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "request.market.no_storage")
    assert (await service.get("/ipfs/x?format=raw")).status_code == 404
