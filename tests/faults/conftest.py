"""Tests of faults wait for several processes, one after the other: longer than others may."""

from __future__ import annotations

from pathlib import Path

import pytest

FAULT_TEST_S = 450


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(FAULT_TEST_S))
