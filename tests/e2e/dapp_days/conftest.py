"""A network of its own for journeys that take days: here tests move the chain's time, forward only.

Tests share the network and run in any order, so each makes what it needs with accounts of its own
and reads the chain's time instead of remembering it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.dapp.conftest import browser, executable, new_context, pages, tab, visitor
from tests.e2e.dapp.world import World, started
from tests.e2e.dapp_days.days import Days

__all__ = ["browser", "executable", "new_context", "pages", "tab", "visitor"]


@pytest.fixture(scope="package")
def world(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A network with a job and a proposal; started by the main thread, before the browser."""
    made = started(tmp_path_factory.mktemp("days") / "home", has_canaries=True)
    try:
        yield made
    finally:
        made.network.stop()


@pytest.fixture(scope="package")
def days(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    """The network's chain, beside the browser."""
    made = Days(world, tmp_path_factory.mktemp("chain"))
    yield made
    made.close()
