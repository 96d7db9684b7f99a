"""Compiles a test contract as Hardhat would and deploys it to the in-process EVM.

The build output of Hardhat is not used: it may be older than the sources, or missing. What was
compiled is kept in `cache/`, under a hash of all sources, for the other processes of a run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address
from tests.chains import ROOT
from tests.differential.evm_engines import NOBODY, Moment, new_engine

COMPILE_S = 120
_CACHE = ROOT / "cache/differential"
GAS = 28_000_000

_NODE = Path(sys.executable).with_name("node")
_SCRIPT = """
const [fs, path, solc] = [require("fs"), require("path"), require("solc")];
const [source, name] = process.argv.slice(1);
const read = (unit) => fs.readFileSync(
  fs.existsSync(unit) ? unit : path.join("node_modules", unit), "utf8");
const input = {
  language: "Solidity",
  sources: { [source]: { content: read(source) } },
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 400 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { [source]: { [name]: ["abi", "evm.bytecode.object"] } },
  },
};
const imports = (unit) => {
  try { return { contents: read(unit) }; } catch (error) { return { error: String(error) }; }
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: imports }));
const bad = (output.errors || []).filter((e) => e.severity === "error");
if (bad.length) throw new Error(bad.map((e) => e.formattedMessage).join("\\n"));
const contract = output.contracts[source][name];
process.stdout.write(JSON.stringify(
  { abi: contract.abi, code: contract.evm.bytecode.object }));
"""


@cache
def compiled(source: str, name: str) -> dict[str, Any]:
    """Return ABI and creation code of a contract; skip where the compiler is not installed."""
    if not (ROOT / "node_modules/solc").exists() or not _NODE.exists():
        pytest.skip("The Solidity compiler is not installed (npm ci).")
    kept = _CACHE / f"{sources_hash()}-{name}.json"
    if not kept.exists():
        _keep(kept, _compile(source, name))
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


@cache
def sources_hash() -> str:
    """Return a hash of everything that a compilation can read, and of how it is done."""
    found = sha256(_SCRIPT.encode() + (ROOT / "package-lock.json").read_bytes())
    for folder in ("contracts", "tests/contracts"):
        for path in sorted((ROOT / folder).rglob("*.sol")):
            found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def _compile(source: str, name: str) -> bytes:
    done = subprocess.run(
        [str(_NODE), "--input-type=commonjs", "-e", _SCRIPT, source, name],
        cwd=ROOT,
        capture_output=True,
        timeout=COMPILE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


class Deployed:
    """One contract on a chain of its own; views alone."""

    def __init__(self, source: str, name: str) -> None:
        built = compiled(source, name)
        self._engine, self._moment = new_engine(), Moment(1)
        code = bytes.fromhex(built["code"])
        created = self._engine.create(NOBODY, code, GAS, self._moment)
        assert created.is_success, name
        self.address = str(to_checksum_address(created.output))
        self._functions = {f["name"]: f for f in built["abi"] if f["type"] == "function"}

    def call(self, function: str, *args: Any) -> Any:
        """Return the only value of a view."""
        abi = self._functions[function]
        types = [collapse_if_tuple(item) for item in abi["inputs"]]
        data = function_abi_to_4byte_selector(abi) + encode(types, args)
        asked = self._engine.call(NOBODY, self.address, data, GAS, self._moment)
        assert asked.is_success, function
        return decode([collapse_if_tuple(item) for item in abi["outputs"]], asked.output)[0]
