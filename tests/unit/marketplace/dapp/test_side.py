"""Without being told, a service has no part behind its pages, and a limit all the same."""

from __future__ import annotations

import pytest

from neurovoyance.marketplace.dapp.side import STATIC, DappSide
from neurovoyance.protocol.errors import RateLimited


def test_a_bare_side_offers_nothing_and_counts() -> None:
    bare = DappSide()
    assert (bare.upstream, bare.faucet, bare.nodes, bare.storage) == (None, None, None, None)
    bare.calls.take("a", 3_000)
    with pytest.raises(RateLimited):
        bare.calls.take("a")


def test_the_pages_lie_in_the_package() -> None:
    assert STATIC.parent.name == "marketplace"
    assert (STATIC.parent / "dapp" / "side.py").exists()
