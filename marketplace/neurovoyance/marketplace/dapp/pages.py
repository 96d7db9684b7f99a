"""The built pages: files, the first page for every address of the application, and their headers.

Place: behind all routes, as the application's default; what no route knows comes here. The service
has no other pages, so what is not a file and not a navigation is a problem document. Never: a first
page in place of a missing script, or a cached one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RESERVED = ("/api", "/v1", "/ipfs")
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
FOREVER = "public, max-age=31536000, immutable"
_HASHED = re.compile(r"^assets/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
_INDEX = "index.html"
_WITHOUT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Neurovoyance</title></head><body>
<h1>Neurovoyance: the pages are not built</h1>
<p>This installation has the API alone; its description is at
<a href="/openapi.json">/openapi.json</a>. To get the pages, either</p>
<ul><li>install a release, which includes them: <code>pip install 'neurovoyance[market]'</code></li>
<li>or, from the source, with Node.js 22:
<code>cd dapp &amp;&amp; npm ci &amp;&amp; npm run build</code></li></ul>
<p>and load this page again.</p></body></html>
"""


def make_pages(folder: Path) -> ASGIApp:
    """Return the application that serves a folder of built pages, which may be missing yet."""
    return PageHeaders(GZipMiddleware(Pages(folder), minimum_size=1_024))


class PageHeaders:
    """Gives every answer of the pages the headers that keep foreign content out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = CSP
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, guarded)


class Pages:
    """The files of one folder; see the module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; HTTPException 404 for what is neither a file nor a navigation."""
        path = scope["path"]
        is_read = scope["method"] in ("GET", "HEAD")
        if not is_read or any(path == name or path.startswith(f"{name}/") for name in RESERVED):
            raise HTTPException(404)
        # A part of a compressed file would be no part of the file.
        plain = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"range"]}
        await (await self._answer(path, plain))(plain, receive, send)

    async def _answer(self, path: str, scope: Scope) -> Response:
        if not (self._folder / _INDEX).is_file():
            if path == "/":
                return HTMLResponse(_WITHOUT, headers={"Cache-Control": "no-store"})
            raise HTTPException(404)
        name = path.lstrip("/") or _INDEX
        try:
            found = await self._file(name, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_navigation(name, scope):
                raise HTTPException(404) from error
            name, found = _INDEX, await self._file(_INDEX, scope)
        is_page = "text/html" in found.headers.get("content-type", "")
        lasts = found.status_code == 200 and not is_page and _HASHED.match(name)
        found.headers["Cache-Control"] = FOREVER if lasts else "no-cache"
        return found

    async def _file(self, name: str, scope: dict[str, Any] | Scope) -> Response:
        if "\0" in name or any(part.startswith(".") for part in name.split("/")):
            raise HTTPException(404)
        return await self._files.get_response(name, scope)


def _is_navigation(name: str, scope: Scope) -> bool:
    """Return whether a browser wants a page: no address of the application looks like a file."""
    if name.startswith("assets/") or "." in name.rsplit("/", 1)[-1]:
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")
