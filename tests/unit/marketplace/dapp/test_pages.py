"""Browsers get the built pages, their headers and no surprises; programs get problem documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from neurovoyance.marketplace.api.problems import answer_problems
from neurovoyance.marketplace.dapp.pages import CSP, FOREVER, make_pages

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = "assets/index-BxY7_a9Q.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>app</title>")
    (folder / SCRIPT).write_text("console.log(1);" * 200)
    (folder / "assets/plain.css").write_text("p{}")
    (folder / "assets/page-BxY7_a9Q.html").write_text("<p>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / ".secret").write_text("hush")
    (tmp_path / "outside.txt").write_text("hush")
    return folder


@pytest.fixture
async def site(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(openapi_url=None)
    answer_problems(app)
    app.router.default = make_pages(built)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/index.html", "/jobs/0xab12", "/chat", "/gov/new?x=1"])
async def test_every_address_of_the_application_is_the_first_page(
    site: httpx.AsyncClient, path: str
) -> None:
    answer = await site.get(path, headers=HTML)
    assert (answer.status_code, "<title>app" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        (f"/{SCRIPT}", FOREVER),
        ("/assets/plain.css", "no-cache"),
        ("/assets/page-BxY7_a9Q.html", "no-cache"),
        ("/favicon.svg", "no-cache"),
    ],
)
async def test_only_what_bears_its_hash_lasts(
    site: httpx.AsyncClient, path: str, cache: str
) -> None:
    answer = await site.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, cache)
    again = await site.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-00000000.js",
        "/assets/nothing",
        "/missing.png",
        "/api/nothing",
        "/api",
        "/v1/nothing",
        "/v1",
        "/ipfs/nothing",
        "/.secret",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/a%00b.js",
    ],
)
async def test_what_is_missing_is_a_problem_even_for_a_browser(
    site: httpx.AsyncClient, path: str
) -> None:
    answer = await site.get(path, headers=HTML)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "request.market.not_found"
    assert "hush" not in answer.text


async def test_programs_are_given_no_page_for_an_unknown_address(site: httpx.AsyncClient) -> None:
    for answer in (
        await site.get("/jobs", headers={"Accept": "application/json"}),
        await site.post("/jobs", headers=HTML),
    ):
        assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_scripts_are_compressed_and_parts_of_them_not_given(site: httpx.AsyncClient) -> None:
    answer = await site.get(
        f"/{SCRIPT}", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-10"}
    )
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert answer.text.startswith("console.log(1);console")
    head = await site.head("/", headers=HTML)
    assert (head.status_code, head.content) == (200, b"")


async def test_an_api_without_pages_says_how_to_get_them(
    site: httpx.AsyncClient, built: Path
) -> None:
    (built / "index.html").unlink()
    answer = await site.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CSP
    assert "npm run build" in answer.text
    assert "pip install" in answer.text
    assert (await site.get("/jobs", headers=HTML)).status_code == 404
    # Who builds the pages now needs no restart.
    (built / "index.html").write_text("<title>app</title>")
    assert "app" in (await site.get("/")).text
