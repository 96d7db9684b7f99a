"""Browser tests wait for a network, a browser and nodes that compute: longer than others may."""

from __future__ import annotations

from pathlib import Path

import pytest

BROWSER_TEST_S = 500


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        folder = item.path.parent
        if folder.parent == here and folder.name.startswith("dapp"):
            item.add_marker(pytest.mark.timeout(BROWSER_TEST_S))
