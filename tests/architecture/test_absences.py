"""What must never be in the source, each absence of ARCHITECTURE.md that no linter sees."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.architecture.test_layout import FOLDERS, ROOT, sources, tracked

PURE = ("protocol/neurovoyance/protocol", "tokenomics/neurovoyance/tokenomics")
SIMULATION = ROOT / "tokenomics/neurovoyance/tokenomics/simulation"  # moves no money
INTEGER_ONLY = (*PURE, "protocol/neurovoyance/chain")


def python_in(*folders: str) -> list[Path]:
    return [path for path in sources() if path.relative_to(ROOT).as_posix().startswith(folders)]


def places(path: Path, nodes: list[ast.AST]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}" for node in nodes]


def walk(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_no_float_and_no_true_division_near_money() -> None:
    found = []
    for path in python_in(*PURE):
        if path.is_relative_to(SIMULATION):
            continue
        nodes = walk(path)
        bad = [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, float)]
        bad += [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
        paths = [
            n
            for n in bad
            if isinstance(n, ast.BinOp) and isinstance(n.right, ast.Constant | ast.JoinedStr)
            and isinstance(getattr(n.right, "value", ""), str)
        ]  # fmt: skip
        found += places(path, [n for n in bad if n not in paths])
    assert found == []


@pytest.mark.parametrize("name", ["eval", "exec", "compile", "__import__"])
def test_no_code_is_made_from_text(name: str) -> None:
    found = []
    for path in sources():
        calls = [
            n
            for n in walk(path)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name
        ]
        found += places(path, list(calls))
    assert found == []


def test_only_settings_and_the_command_line_read_the_environment() -> None:
    allowed = {"settings.py", "child.py"}
    found = []
    for path in sources():
        if path.name in allowed or path.is_relative_to(ROOT / "cli"):
            continue
        nodes = walk(path)
        written = {
            n.value for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)
        }
        reads = [
            n
            for n in nodes
            if isinstance(n, ast.Attribute)
            and n not in written
            and n.attr in ("environ", "getenv")
            and isinstance(n.value, ast.Name)
            and n.value.id == "os"
        ]
        found += places(path, list(reads))
    assert found == []


def test_nothing_listens_beyond_loopback_by_default() -> None:
    """No default and no argument names every interface; comparing with it is allowed."""
    everywhere = {"0.0.0.0", "::"}
    found = []
    for path in sources():
        for node in walk(path):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                values = [*node.args.defaults, *node.args.kw_defaults]
            elif isinstance(node, ast.Call):
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                values = [node.value]
            bad = [v for v in values if isinstance(v, ast.Constant) and v.value in everywhere]
            found += places(path, list(bad))
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"tx\.origin", "authority comes from msg.sender"),
        (r"\bselfdestruct\b", "nothing disappears"),
        (r"\bdelegatecall\b", "no proxy in core"),
        (r"Upgradeable|Proxy\b", "no proxy in core"),
        (r"whenNotPaused|Pausable", "no pause on refunds or releases"),
        (r"balanceOf\(address\(this\)\)", "no accounting by balance"),
        (r"\bOwnable\b|onlyOwner", "no privileged key"),
        (r"\bassembly\b", "plain Solidity is enough"),
    ],
)
def test_contracts_never_hold(pattern: str, why: str) -> None:
    found = []
    for path in tracked("contracts/**.sol", "contracts/*.sol"):
        if "mocks" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code, _, why_not = line.partition("//")
            if why_not.strip() == "once, at creation":
                continue  # what a constructor looks at is no accounting
            if not code.strip().startswith(("*", "/*")) and re.search(pattern, code):
                found.append(f"{path.relative_to(ROOT)}:{number}: {why}")
    assert found == []


def test_only_the_token_constructor_mints() -> None:
    mints = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("contracts/**.sol", "contracts/*.sol")
        if "mocks" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\b_?mint\(", line.split("//")[0])
    ]
    assert len(mints) == 1
    assert mints[0].startswith("contracts/token/ComputeToken.sol")


def test_no_word_of_a_machine_or_a_key_is_tracked() -> None:
    secret = re.compile(r"(?<![A-Za-z0-9_./])/(work|root|home/\w+)/|BEGIN (RSA |EC )?PRIVATE KEY")
    found = []
    for path in tracked("*"):
        if path == Path(__file__) or path.suffix in {".png", ".json", ".onnx", ".bin"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {m.group(0)}" for m in secret.finditer(text)]
    assert found == []


def test_lock_file_names_no_registry() -> None:
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock


def test_printing_happens_in_the_command_line_alone() -> None:
    found = []
    for path in sources():
        if path.is_relative_to(ROOT / "cli"):
            continue
        prints = [
            n
            for n in walk(path)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
        ]
        found += places(path, list(prints))
    assert found == []
    assert FOLDERS


def test_whatever_loads_an_engine_switches_its_telemetry_off() -> None:
    """Onnxruntime (and magika through it) starts an uploader on import unless told not to."""
    engine = re.compile(r"^\s*(import|from) (onnxruntime|magika)\b", flags=re.M)
    switch = "ORT_DISABLE_TELEMETRY"
    found = [
        str(path.relative_to(ROOT))
        for path in [*sources(), *tracked("tests/bench/*.py")]
        if engine.search(text := path.read_text(encoding="utf-8")) and switch not in text
    ]
    assert found == []
