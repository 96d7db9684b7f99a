"""What the engines of this machine say of themselves, and what a fingerprint depends on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from neurovoyance.node.runtime import capabilities
from neurovoyance.node.runtime.capabilities import discover, facts_of, fingerprint
from neurovoyance.node.runtime.config import Engine


async def test_onnxruntime_is_found_with_its_providers(tmp_path: Path) -> None:
    facts = {item.engine: item for item in await discover(tmp_path)}
    ort = facts[Engine.ORT]
    assert "CPUExecutionProvider" in ort.providers
    assert ("cuda" in ort.devices) == ("CUDAExecutionProvider" in ort.providers)
    assert all(item.devices[0] == "cpu" for item in facts.values())
    assert list(tmp_path.iterdir()) == []
    assert [facts_of(asdict(item)) for item in facts.values()] == list(facts.values())


def test_asking_loads_no_engine_into_the_process_that_asks() -> None:
    program = (
        "import sys, neurovoyance.node.runtime.benchmark\n"
        "assert not {'onnxruntime', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_the_fingerprint_names_versions_and_hardware(tmp_path: Path) -> None:
    found = fingerprint(tmp_path)
    assert found == fingerprint(tmp_path)
    assert found["onnxruntime"] == version("onnxruntime")
    assert int(found["cores"]) >= 1
    assert set(found) >= {"python", "processor", "memory_gib", "cards", "driver"}
    assert capabilities._line(tmp_path / "missing", "x") == ""
