"""An index that is behind the chain is said to be, in blocks, and no longer than it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import httpx
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from tests.e2e.dapp.browser import settle
from tests.e2e.dapp.world import World

BEHIND = re.compile(r"index \d+ blocks behind")
BLOCKS_AT_ONCE = 20


@contextmanager
def racing(world: World) -> Iterator[None]:
    """Let the chain make blocks faster than anybody can read them."""
    is_over = Event()

    def mine() -> None:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "anvil_mine", "params": [hex(BLOCKS_AT_ONCE)]}
        with httpx.Client(trust_env=False, timeout=90) as chain:
            while not is_over.is_set():
                chain.post(world.rpc_url, json=asked).raise_for_status()

    miner = Thread(target=mine)
    miner.start()
    try:
        yield
    finally:
        is_over.set()
        miner.join()


def test_the_chip_counts_the_blocks_that_the_index_has_not_read(tab: Tab, world: World) -> None:
    tab.goto("/status")
    settle(tab)
    chip = tab.get_by_role("link", name=BEHIND)
    expect(chip).to_have_count(0)
    with racing(world):
        # The page asks once as it opens, which may be the moment in which the index caught up.
        for _ in range(10):
            tab.reload()
            settle(tab)
            if chip.count():
                break
        expect(chip).to_be_visible()
        said = chip.inner_text()
    assert int(re.sub(r"\D", "", said)) > 3
    tab.reload()  # it asks again by itself, but not at once
    settle(tab)
    expect(chip).to_have_count(0, timeout=90_000)
