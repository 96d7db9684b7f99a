"""The independent check prints the labels of the magika package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def test_it_labels_files_with_the_package_itself(tmp_path: Path) -> None:
    pytest.importorskip("magika")
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"id": n, "name": f"event {n}"} for n in range(50)]))
    found = subprocess.run(
        [sys.executable, "-m", "neurovoyance.cli.direct_labels", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout) == {str(path): "json"}
