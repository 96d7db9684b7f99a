"""``job fetch`` brings a result again, also after the file was lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

from .conftest import Invoke


def test_a_lost_result_is_fetched_and_checked_again(
    invoke: Invoke, settled_job: dict[str, Any], tmp_path: Path
) -> None:
    Path(settled_job["result"]).unlink()
    out = tmp_path / "again.safetensors"
    shown = invoke("job", "fetch", settled_job["job_id"], "--out", str(out))
    assert load_file(out)["y"].tolist() == [[6.0]]
    assert Path(shown["result"]).exists()
