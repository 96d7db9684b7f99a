"""``tools/calibrate_cuda.py`` runs: on the CPU here, where it says that it proves nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[4] / "tools" / "calibrate_cuda.py"


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOL), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)


def test_the_table_is_written_and_says_what_it_is_not(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    page = tmp_path / "page.md"
    found = run_tool(
        *("--device", "cpu", "--count", "2", "--models", "mlp_softmax", "lstm", "--out", str(page))
    )
    assert found.returncode == 0, found.stderr
    lines = page.read_text().splitlines()
    assert "No CUDA device took part: these numbers say nothing about one." in lines
    cells = [part.strip() for part in lines[-2 if "mlp" in lines[-2] else -1].split("|")]
    assert cells[1] == "mlp_softmax"
    fp32, fp16, bf16 = (float(cells[at].split(",")[1]) for at in (2, 4, 5))
    assert fp32 < 1e-5 < 1e-4 < fp16 < bf16


def test_without_a_cuda_device_nothing_is_written() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("a CUDA device is here")
    found = run_tool()
    assert found.returncode == 2
    assert found.stderr.startswith("No CUDA device was found; nothing was measured.")
