"""The watcher's sinks: a real web server, a feed that is XML, and a memory that survives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import web
from tests.governed import Visit

from neurovoyance.governance.noticing import Notice
from neurovoyance.governance.watching import RSS_ITEMS_MAX, Watcher, rss_file, webhook
from neurovoyance.protocol.errors import ConfigError, Unreachable

NOTICE = Notice("0x01 new", 1, "A <title> & more", "was proposed", 1_700_000_000)
BURN = "set burnBps to 4.5 percent because it is watched"


class _Hook:
    """A web server that takes notices, or refuses them while told to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.status = 204
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        if self.status == 204:
            self.taken.append(await request.json())
        headers = {"Location": "/elsewhere"} if self.status == 302 else {}
        return web.Response(status=self.status, headers=headers)


@pytest.fixture
async def hook() -> AsyncIterator[_Hook]:
    made, app = _Hook(), web.Application()
    app.router.add_route("*", "/{tail:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def test_a_webhook_gets_the_notice_as_json(hook: _Hook) -> None:
    await webhook(hook.url)(NOTICE)
    assert hook.taken == [NOTICE.to_json()]
    for status in (500, 302):
        hook.status = status
        with pytest.raises(Unreachable, match=str(status)):
            await webhook(hook.url)(NOTICE)
    with pytest.raises(Unreachable, match="does not answer"):
        await webhook("http://127.0.0.1:9/")(NOTICE)
    with pytest.raises(ConfigError, match="no web address"):
        webhook("file:///etc/passwd")


async def test_what_a_webhook_refused_is_told_again(
    visit: Visit, hook: _Hook, tmp_path: Path
) -> None:
    marks = tmp_path / "deep" / "marks.json"
    watcher = Watcher(visit.governance, marks, [webhook(hook.url)])
    created = await visit.propose(BURN)
    hook.status = 503
    with pytest.raises(Unreachable):
        await watcher.look()
    hook.status = 204
    [notice] = await watcher.look()
    assert notice.proposal_id == created.proposal_id
    assert [item["mark"] for item in hook.taken] == [notice.mark]
    assert json.loads(marks.read_text()) == [notice.mark]
    assert await Watcher(visit.governance, marks, []).look() == []
    assert len(await Watcher(visit.governance, None, []).look()) == 1


async def test_the_feed_is_xml_with_the_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    await rss_file(path)(NOTICE)
    sink = rss_file(path)
    for number in range(RSS_ITEMS_MAX + 5):
        await sink(Notice(f"mark {number}", number, "t", "happened", 1_700_000_000 + number))
    items = ElementTree.fromstring(path.read_text()).findall("channel/item")  # noqa: S314
    assert len(items) == RSS_ITEMS_MAX
    assert items[0].findtext("guid") == f"mark {RSS_ITEMS_MAX + 4}"
    first = tmp_path / "one.xml"
    await rss_file(first)(NOTICE)
    [item] = ElementTree.fromstring(first.read_text()).findall("channel/item")  # noqa: S314
    assert item.findtext("description") == "A <title> & more"
    assert item.findtext("pubDate", "").endswith("+0000")


def test_a_damaged_memory_is_an_error_in_words(visit: Visit, tmp_path: Path) -> None:
    marks = tmp_path / "marks.json"
    marks.write_text("{")
    with pytest.raises(ConfigError, match="told notices"):
        Watcher(visit.governance, marks, [])
