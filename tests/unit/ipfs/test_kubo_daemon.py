"""What a daemon says wrongly; what it says rightly is in ``test_kubo``."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.unit.ipfs.conftest import Serve

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.kubo import KuboBackend
from neurovoyance.protocol.errors import StorageError, StorageRefused


def daemon(**answers: object) -> Starlette:
    async def answer(request: Request) -> Response:
        name = request.path_params["name"].replace("/", "_")
        if name not in answers:
            return Response("404 page not found", 404)
        return Response(json.dumps(answers[name]) + "\n")

    return Starlette(routes=[Route("/api/v0/{name:path}", answer, methods=["POST"])])


@pytest.mark.parametrize("answer", [{}, {"ID": 5}])
async def test_something_else_that_speaks_json_is_no_daemon(serve: Serve, answer: object) -> None:
    async with KuboBackend(serve(daemon(id=answer))) as kubo:
        with pytest.raises(StorageRefused, match="IPFS daemon"):
            await kubo.info()


async def test_a_size_that_is_not_said_is_an_error(serve: Serve) -> None:
    async with KuboBackend(serve(daemon(repo_stat={"RepoSize": "much"}))) as kubo:
        with pytest.raises(StorageError, match="how large"):
            await kubo.stored_bytes()


async def test_a_collection_that_fails_is_an_error(serve: Serve) -> None:
    answers = {"pin_ls": {}, "repo_stat": {"RepoSize": 5}, "repo_gc": {"Error": "locked"}}
    async with KuboBackend(serve(daemon(**answers))) as kubo:
        with pytest.raises(StorageError, match="locked"):
            await kubo.gc()


async def test_an_archive_whose_root_is_not_pinned_is_an_error(serve: Serve) -> None:
    root = {"Root": {"Cid": {"/": str(Cid.of(b"x"))}, "PinErrorMsg": "no space"}}
    async with KuboBackend(serve(daemon(dag_import=root))) as kubo:
        with pytest.raises(StorageError, match="no space"):
            await kubo.add(b"x")
