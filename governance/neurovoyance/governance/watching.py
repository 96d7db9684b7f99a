"""Follows all proposals and hands what is new to a webhook or an RSS file.

Place: I/O around ``noticing``. Marks of what was told are kept in one small JSON file, so that a
restart repeats nothing; a webhook that fails is tried again on the next look, since a mark is kept
only after it was told. Never: an address of a webhook that the user did not name, or a redirect
followed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import aiohttp

from neurovoyance.chain.governing import Governance
from neurovoyance.governance.noticing import Notice, notices_of
from neurovoyance.governance.proposal_file import id_hex
from neurovoyance.governance.proposals import all_proposals, read_proposal
from neurovoyance.protocol.errors import ConfigError, Unreachable

Sink = Callable[[Notice], Awaitable[None]]
RSS_ITEMS_MAX = 100
_WEBHOOK_TIMEOUT_S = 10.0


class Watcher:
    """Looks at all proposals when asked, and tells each new thing once.

    Args:
        governance: the contracts.
        marks: file of what was told; None to remember in memory alone.
        sinks: told in order; if one raises, the notice is told again at the next look.
    """

    def __init__(self, governance: Governance, marks: Path | None, sinks: Sequence[Sink]) -> None:
        self._governance = governance
        self._marks = marks
        self._sinks = sinks
        self._told = _load_marks(marks)

    async def look(self) -> list[Notice]:
        """Tell what is new; return it.

        Raises:
            RpcError: the chain cannot be asked.
            Unreachable: a webhook does not take it.
        """
        created = await all_proposals(self._governance)
        views = [await read_proposal(self._governance, item) for item in created]
        fresh = notices_of(views, self._told)
        for notice in fresh:
            for sink in self._sinks:
                await sink(notice)
            self._told.add(notice.mark)
            self._save()
        return fresh

    def _save(self) -> None:
        if self._marks is not None:
            _write(self._marks, json.dumps(sorted(self._told), indent=0) + "\n")


def webhook(url: str) -> Sink:
    """Return a sink that posts each notice as JSON.

    Raises:
        ConfigError: the address is not http or https.
    """
    if not url.startswith(("https://", "http://")):
        raise ConfigError(f"{url!r} is no web address.", hint="Write https://...")

    async def tell(notice: Notice) -> None:
        timeout = aiohttp.ClientTimeout(total=_WEBHOOK_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, json=notice.to_json(), allow_redirects=False) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"The webhook does not answer: {error}.") from error
        if not 200 <= status < 300:
            raise Unreachable(f"The webhook answered with status {status}.")

    return tell


def rss_file(path: Path) -> Sink:
    """Return a sink that keeps the latest notices as an RSS 2.0 file, newest first."""
    items: list[str] = _rss_items(path)

    async def tell(notice: Notice) -> None:
        items.insert(0, _rss_item(notice))
        del items[RSS_ITEMS_MAX:]
        _write(path, _rss(items))

    return tell


_OPEN = "    <item>"


def _rss_item(notice: Notice) -> str:
    time = format_datetime(datetime.fromtimestamp(notice.time_s, UTC))
    title = f"{id_hex(notice.proposal_id)[:10]} {notice.words}"
    return (
        f"{_OPEN}<title>{escape(title)}</title>"
        f"<description>{escape(notice.title)}</description>"
        f"<pubDate>{time}</pubDate>"
        f"<guid isPermaLink={quoteattr('false')}>{escape(notice.mark)}</guid></item>\n"
    )


def _rss(items: Sequence[str]) -> str:
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0">\n  <channel>\n'
        "    <title>Neurovoyance proposals</title>\n    <link>about:blank</link>\n"
        "    <description>Proposals, votes and their effect.</description>\n"
    )
    return head + "".join(items) + "  </channel>\n</rss>\n"


def _rss_items(path: Path) -> list[str]:
    """Return the items of a file that this module wrote; none of any other file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError:
        return []
    return [line for line in lines if line.startswith(_OPEN) and line.endswith("</item>\n")]


def _load_marks(path: Path | None) -> set[str]:
    if path is None or not path.exists():
        return set()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(mark) for mark in list(found)}
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            f"The file of told notices {path} cannot be read: {error}.",
            hint="Remove it; everything is then told once more.",
        ) from error


def _write(path: Path, text: str) -> None:
    staged = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    except OSError as error:
        raise ConfigError(f"The file {path} cannot be written: {error}.") from error
