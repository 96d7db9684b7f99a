"""The layout that packaging, imports and newcomers rely on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "protocol": ["protocol", "chain", "verification", "matching"],
    "ipfs": ["ipfs"],
    "tokenomics": ["tokenomics"],
    "node": ["node"],
    "client": ["client"],
    "governance": ["governance"],
    "marketplace": ["marketplace"],
    "cli": ["cli"],
}
GENERATED = ("abi/", "_generated_")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def sources() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in tracked(f"{folder}/**.py", f"{folder}/*.py")
        if not any(part in path.as_posix() for part in GENERATED)
    ]


def test_no_package_marker_stands_directly_in_the_namespace() -> None:
    assert [f for f in FOLDERS if (ROOT / f / "neurovoyance" / "__init__.py").exists()] == []


def test_every_package_is_typed() -> None:
    missing = [
        f"{folder}/{package}"
        for folder, packages in FOLDERS.items()
        for package in packages
        if not (ROOT / folder / "neurovoyance" / package / "py.typed").exists()
    ]
    assert missing == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    nothing = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert [str(path) for path in tracked("*.py") if path.name in nothing] == []


def test_every_module_has_a_mirrored_test() -> None:
    """A module is mirrored by tests/unit/<package>/test_<module>.py, or by its package's test."""
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    exempt = {"__init__", "__main__"}
    missing = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if path.stem not in exempt and f"test_{path.stem.strip('_')}" not in tests
    ]
    assert missing == []


def test_long_files_say_why_in_their_first_lines() -> None:
    unexplained = []
    for path in sources() + tracked("contracts/**.sol"):
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > 400 and not any("Length:" in line for line in lines[:12]):
            unexplained.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert unexplained == []


def test_every_folder_with_code_explains_itself_in_forty_lines() -> None:
    faults = []
    for folder in [*FOLDERS, "contracts"]:
        readme = ROOT / folder / "README.md"
        if not readme.exists():
            faults.append(f"{folder}/README.md is missing")
        elif len(readme.read_text(encoding="utf-8").splitlines()) > 40:
            faults.append(f"{folder}/README.md is longer than 40 lines")
    assert faults == []


def test_architecture_page_is_short() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    used = set(re.findall(r"^make ([a-z-]+)", (ROOT / "README.md").read_text(), flags=re.M))
    assert used, "the README names no command"
    assert used <= targets
