"""What holds for every test: nothing is sent to anybody, and long files are begun first."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How busy the machine is decides no test. A test has what holds when its file is read: set first.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# onnxruntime starts an uploader on import unless this is set; before any test imports an engine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

LONG_FIRST = (
    "tests/e2e/dapp/",
    "tests/unit/cli/",
    "tests/integration/test_disputes.py",
    "tests/adversary/test_processes.py",
    "tests/faults/",
    "tests/e2e/",
    "tests/unit/tokenomics/simulation/",
    "tests/integration/test_",
    "tests/adversary/test_numeric",
    "tests/unit/node/runtime/test_torch.py",
    "tests/differential/",
    "tests/unit/node/calibration/",
    "tests/unit/node/test_",
    "tests/adversary/",
    "tests/integration/",
)
"""Beginnings of paths, the longest files first. A worker that begins one last works on alone."""


TOGETHER = (
    "tests/e2e/dapp/",
    "tests/e2e/dapp_days/",
    "tests/e2e/dapp_disputes/",
    "tests/unit/cli/",
    "tests/unit/governance/",
    "tests/unit/tokenomics/simulation/",
)
"""Folders whose files share networks, or runs that take long: one worker takes a whole one."""


PATIENT_S = {
    "tests/faults/": 450,
    "tests/integration/": 600,
    "tests/unit/cli/": 600,
    "tests/e2e/dapp": 500,
}
"""Folders whose tests wait for several processes, one after the other: longer than others may."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort for several workers, who take whole files in this order; alone, keep the usual order."""
    for item in items:
        found = [limit_s for start, limit_s in PATIENT_S.items() if item.nodeid.startswith(start)]
        if found and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(found[0]))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a folder that is to stay together to one worker, as if it were one file."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return next((folder for folder in TOGETHER if file.startswith(folder)), file)

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def _place(nodeid: str) -> int:
    places = (place for place, start in enumerate(LONG_FIRST) if nodeid.startswith(start))
    return next(places, len(LONG_FIRST))
