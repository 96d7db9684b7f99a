"""The export copies what Hardhat built, the same bytes each time, and notices drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.chain import export as subject
from neurovoyance.protocol.errors import ConfigError

SETTINGS = {"evmVersion": "cancun", "optimizer": {"enabled": True, "runs": 10_000}}
ABI = [
    {"type": "function", "name": "b", "inputs": []},
    {"type": "error", "name": "A", "inputs": [{"type": "uint256", "name": "x"}]},
    {"type": "function", "name": "a", "inputs": [{"type": "uint8", "name": "x"}]},
]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _built(
    root: Path,
    *,
    bytecode: str = "0x6001",
    deployed: str = "0x6002",
    links: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
) -> Path:
    build = {"solcLongVersion": "0.8.37+commit", "input": {"settings": settings or SETTINGS}}
    _write(root / "build-info" / "id.json", build)
    for name, source in subject.CONTRACTS.items():
        artifact = {
            "abi": ABI,
            "bytecode": bytecode,
            "deployedBytecode": deployed,
            "linkReferences": links or {},
            "buildInfoId": "id",
        }
        _write(root / source / f"{name}.json", artifact)
    return root


def test_exports_every_contract_sorted_and_minified(tmp_path: Path) -> None:
    target = tmp_path / "abi"
    written = subject.export(_built(tmp_path / "artifacts"), target)
    assert written == sorted(subject.CONTRACTS)
    text = (target / "JobMarket.json").read_text(encoding="utf-8")
    loaded = json.loads(text)
    assert set(loaded) == {"abi", "bytecode", "compiler", "name"}
    assert [entry["name"] for entry in loaded["abi"]] == ["A", "a", "b"]
    assert text == json.dumps(loaded, sort_keys=True, separators=(",", ":")) + "\n"


def test_the_second_export_writes_nothing(tmp_path: Path) -> None:
    artifacts = _built(tmp_path / "artifacts")
    subject.export(artifacts, tmp_path / "abi")
    assert subject.export(artifacts, tmp_path / "abi") == []


def test_check_names_what_differs_and_leaves_it(tmp_path: Path) -> None:
    target = tmp_path / "abi"
    subject.export(_built(tmp_path / "artifacts"), target)
    before = (target / "JobMarket.json").read_bytes()
    changed = _built(tmp_path / "artifacts", bytecode="0x6003")
    assert subject.export(changed, target, check=True) == sorted(subject.CONTRACTS)
    assert (target / "JobMarket.json").read_bytes() == before


def test_a_file_of_no_contract_is_a_difference_and_is_removed(tmp_path: Path) -> None:
    artifacts = _built(tmp_path / "artifacts")
    subject.export(artifacts, tmp_path / "abi")
    stray = tmp_path / "abi" / "OldMarket.json"
    stray.write_text("{}", encoding="utf-8")
    assert subject.export(artifacts, tmp_path / "abi", check=True) == ["OldMarket"]
    assert stray.exists()
    assert subject.export(artifacts, tmp_path / "abi") == ["OldMarket"]
    assert not stray.exists()


def test_the_settings_hash_ignores_what_changes_no_byte_and_nothing_else() -> None:
    plain = subject.settings_hash("0.8.37", SETTINGS)
    reported = {**SETTINGS, "outputSelection": {"*": {}}, "remappings": ["a/=b/"]}
    assert subject.settings_hash("0.8.37", reported) == plain
    assert subject.settings_hash("0.8.37", {**SETTINGS, "viaIR": True}) != plain
    assert subject.settings_hash("0.8.36", SETTINGS) != plain


def test_a_missing_build_says_what_to_do_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        subject.export(tmp_path / "artifacts", tmp_path / "abi")
    assert "npm run build" in caught.value.hint
    assert not (tmp_path / "abi").exists()


@pytest.mark.parametrize(
    "build",
    [
        {"deployed": "0x" + "00" * (subject.MAX_CODE_BYTES + 1)},
        {"deployed": "0x"},
        {"links": {"Library.sol": {}}},
    ],
)
def test_a_contract_that_cannot_be_deployed_is_refused(
    tmp_path: Path, build: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError):
        subject.export(_built(tmp_path / "artifacts", **build), tmp_path / "abi")


def test_a_contract_of_exactly_the_limit_is_taken(tmp_path: Path) -> None:
    deployed = "0x" + "00" * subject.MAX_CODE_BYTES
    assert subject.export(_built(tmp_path / "artifacts", deployed=deployed), tmp_path / "abi")


def test_the_command_returns_0_1_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    artifacts = _built(tmp_path / "artifacts")
    options = ["--artifacts", str(artifacts), "--target", str(tmp_path / "abi")]
    assert subject.main([*options, "--check"]) == 1
    assert subject.main(options) == 0
    assert subject.main([*options, "--check"]) == 0
    assert "current" in capsys.readouterr().out
    assert subject.main(["--artifacts", str(tmp_path), "--target", str(tmp_path)]) == 2
    assert "nothing was written" in capsys.readouterr().err


def test_the_committed_files_are_complete() -> None:
    folder = Path(subject.__file__).parent / "abi"
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(subject.CONTRACTS)
    for path in folder.glob("*.json"):
        loaded = json.loads(path.read_bytes())
        assert loaded["name"] == path.stem
        assert bytes.fromhex(loaded["bytecode"].removeprefix("0x"))
        assert len(loaded["compiler"]["settingsHash"]) == 64
