"""``gov watch`` tells each thing once, here and in a feed."""

from __future__ import annotations

from pathlib import Path

from .gov_desk import Desk


def test_what_is_new_is_told_once(desk: Desk, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    assert desk.json("watch", "--once") == {"notices": []}
    desk.proposed()
    [notice] = desk.json("watch", "--once", "--rss", str(feed))["notices"]
    assert "was proposed by" in notice["words"]
    assert desk.json("watch", "--once", "--rss", str(feed)) == {"notices": []}
    assert feed.read_text().count("<item>") == 1
    assert "was proposed by" in desk.text("watch", "--once", account=1)


def test_an_address_that_is_none_is_refused(desk: Desk) -> None:
    error = desk.json("watch", "--once", "--webhook", "ftp://x", code=2)["error"]
    assert error["code"] == "config"
