"""An early result is the provider's word, opened with our key alone, and never kept."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.early import EarlyResult, early_result
from neurovoyance.client.errors import ResultMismatch
from neurovoyance.client.journal import StoredEvent
from neurovoyance.client.models import PublishedModel
from neurovoyance.ipfs.encryption import encrypt
from neurovoyance.ipfs.sealing import seal_key
from neurovoyance.protocol.errors import (
    AccessDenied,
    RequestError,
    StorageDecryptError,
    Unreachable,
)
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.privacy import ResultKeyReply, result_context
from neurovoyance.verification.canonical import encode_tensors

from .providers import output_of, served

JOB, KEY = secrets.token_bytes(32), secrets.token_bytes(32)
OUTPUT = output_of(np.ones((2, 3)))


@dataclass
class Source:
    """A provider's node that answers one question."""

    client: AsyncClient
    manifest: Any
    url: str = ""
    answer: Response | None = None

    async def ask(self, arrays: list[Any], reply: Response | None = None) -> EarlyResult:
        cid = await self.client.session.storage.add(encrypt(encode_tensors(arrays), KEY, JOB))
        public_key = self.client.session.keys.public_key
        sealed = seal_key(KEY, public_key, result_context(JOB))
        said = ResultKeyReply(envelope_cid=cid.to_bytes(), sealed_key=sealed)
        self.answer = reply or Response(said.model_dump_json())
        event = StoredEvent(
            "JobCommitted", 1, "", 0, "", JOB, {"envelope_cid": hex_of(cid.to_bytes())}
        )
        return await early_result(
            self.client.session, JOB, self.manifest, committed=event, sources=[self.url]
        )


@pytest.fixture
async def source(client: AsyncClient, model: PublishedModel) -> AsyncIterator[Source]:
    made = Source(client, model.manifest)

    async def answer(_request: Request) -> Response:
        return made.answer or Response(status_code=404)

    routes = [Route("/v1/jobs/{job_id}/result-key", answer)]
    async with served(Starlette(routes=routes)) as made.url:
        yield made


async def test_the_arrays_come_before_the_reveal_and_are_not_verified(source: Source) -> None:
    found = await source.ask(OUTPUT)
    assert not found.is_verified
    np.testing.assert_array_equal(found.arrays["y"], OUTPUT[0])
    assert not source.client.session.result_path(JOB).exists()


async def test_what_cannot_be_used_is_told_apart(source: Source) -> None:
    with pytest.raises(ResultMismatch):
        await source.ask([OUTPUT[0], OUTPUT[0]])
    with pytest.raises(AccessDenied, match="gives no key"):
        await source.ask(OUTPUT, Response(status_code=403))
    with pytest.raises(Unreachable, match="status 500"):
        await source.ask(OUTPUT, Response(status_code=500))
    for said in (b"{}", b"x" * 10_000):
        with pytest.raises(Unreachable, match="cannot be asked"):
            await source.ask(OUTPUT, Response(said))
    foreign = ResultKeyReply(envelope_cid=b"\x01" * 36, sealed_key=secrets.token_bytes(80))
    with pytest.raises(StorageDecryptError):
        await source.ask(OUTPUT, Response(foreign.model_dump_json()))
    with pytest.raises(RequestError, match="no committed result"):
        await early_result(
            source.client.session, JOB, source.manifest, committed=None, sources=[source.url]
        )
