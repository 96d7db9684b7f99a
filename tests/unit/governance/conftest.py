"""One network with voters for all tests of the package; it goes back after each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.chains import ANVIL
from tests.governed import Network, Visit, running, visiting


@pytest.fixture(scope="package")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Anvil where it is installed, since it starts sooner; else the devnet."""
    kind = "anvil" if ANVIL.exists() else "devnet"
    with running(kind, tmp_path_factory.mktemp("voters")) as made:
        yield made


@pytest.fixture
async def visit(network: Network, tmp_path: Path) -> AsyncIterator[Visit]:
    async with visiting(network, tmp_path) as made:
        yield made
