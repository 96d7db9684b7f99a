"""Long lists for pages: rows as the service would answer them, in place of its answers.

Place: used by the test of tables and by the bench of pages, which measures the same.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Route

ROWS = 10_000
PRICE_WEI = 10**15
BORN_S = 1_800_000_000


def hex_of(kind: int, number: int, size_bytes: int) -> str:
    """Return a made-up id or address: the kind in the first byte, the number in the last ones."""
    return f"0x{kind:02x}{number:0{size_bytes * 2 - 2}x}"


def job(number: int) -> dict[str, Any]:
    """Return a settled job as ``/v1/jobs`` lists it; the price tells the number."""
    price = str((number + 1) * PRICE_WEI)
    return {
        "job_id": hex_of(0xAA, number, 32),
        "client": hex_of(0xC1, number % 7, 20),
        "provider": hex_of(0xB0, number % 11, 20),
        "state": "Settled",
        "model_id": hex_of(0x11, number % 3, 32),
        "job_class": 1,
        "batch": 1,
        "max_price_wei": price,
        "price_wei": price,
        "lock_wei": "0",
        "paid_wei": price,
        "refunded_wei": "0",
        "deadline_s": BORN_S,
        "is_audited": False,
        "born": number,
        "changed": number,
        "born_at_s": BORN_S - number,
        "changed_at_s": BORN_S - number,
        "spec": None,
    }


def provider(number: int) -> dict[str, Any]:
    """Return a provider as ``/v1/providers`` lists it, with as many jobs done as its number."""
    address = hex_of(0xB0, number, 20)
    return {
        "provider": address,
        "operator": address,
        "endpoint": "",
        "commission_bps": 0,
        "jobs_taken": number,
        "jobs_settled": number,
        "jobs_failed": number % 10,
        "jobs_missed": 0,
        "slashes": 0,
        "born": number,
        "changed": number,
        "born_at_s": BORN_S,
        "changed_at_s": BORN_S,
    }


def fill_lists(context: BrowserContext, rows: int = ROWS) -> None:
    """Answer the lists of jobs and of providers with so many rows, and offers with none."""
    answers: dict[str, dict[str, Any]] = {
        "/v1/jobs": {"items": [job(number) for number in range(rows)], "next": None},
        "/v1/providers": {"items": [provider(number) for number in range(rows)], "next": None},
        "/v1/offers/standing": {"offers": []},
    }
    texts = {path: json.dumps(answer) for path, answer in answers.items()}

    def answer(route: Route) -> None:
        text = texts[urlsplit(route.request.url).path]
        route.fulfill(body=text, content_type="application/json")

    context.route(lambda url: urlsplit(url).path in texts, answer)


class PagedJobs:
    """Jobs that are answered page by page, and a stream that tells an event whenever it is opened.

    Attributes:
        rows: newest first, as they are now.
        asked: the cursors that were asked for, None for the newest page.
        events: how often the stream told one.
    """

    def __init__(self, context: BrowserContext, rows: int) -> None:
        self.rows = [job(number) for number in reversed(range(rows))]
        self.asked: list[str | None] = []
        self.events = 0
        context.route(lambda url: urlsplit(url).path == "/v1/jobs", self._page)
        context.route(lambda url: urlsplit(url).path == "/v1/stream", self._event)

    def add(self) -> None:
        """Post one more job."""
        self.rows.insert(0, job(len(self.rows)))

    def _page(self, route: Route) -> None:
        given = parse_qs(urlsplit(route.request.url).query)
        cursor, limit = given.get("cursor", [None])[0], int(given["limit"][0])
        self.asked.append(cursor)
        rest = [row for row in self.rows if cursor is None or row["born"] < int(cursor)]
        items = rest[:limit]
        following = str(items[-1]["born"]) if len(rest) > limit else None
        text = json.dumps({"items": items, "next": following})
        route.fulfill(body=text, content_type="application/json")

    def _event(self, route: Route) -> None:
        self.events += 1
        body = "retry: 200\n\nevent: JobPosted\ndata: {}\n\n"
        route.fulfill(body=body, content_type="text/event-stream")
