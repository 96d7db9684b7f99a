"""The journal of canaries survives a restart and belongs to one provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.node.canary_book import CanaryBook
from neurovoyance.protocol.errors import ConfigError

IDENTITY = {"market": "0x1"}


def test_requests_and_draws_survive_a_restart(tmp_path: Path) -> None:
    book = CanaryBook(tmp_path / "canaries.sqlite", IDENTITY)
    book.add_request(3, 100)
    book.add_request(4, 200)
    book.add_request(5, 300)
    book.end_request(5)
    book.add_drawn(3, bytes(32))
    book.add_drawn(9, bytes(32))
    book.end(9)
    book.close()
    book = CanaryBook(tmp_path / "canaries.sqlite", IDENTITY)
    assert book.requests() == [(4, 200)]
    assert book.live() == [3]
    book.add_drawn(9, bytes(32))
    assert book.live() == [3, 9], "drawn again after a reorganisation"
    book.close()


def test_it_belongs_to_one_identity(tmp_path: Path) -> None:
    CanaryBook(tmp_path / "canaries.sqlite", IDENTITY).close()
    with pytest.raises(ConfigError, match="another provider or chain"):
        CanaryBook(tmp_path / "canaries.sqlite", {"market": "0x2"})
