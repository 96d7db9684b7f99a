"""Compiles a test contract as Hardhat would and deploys it to the in-process EVM.

The build output of Hardhat is not used: it may be older than the sources, or missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_tester import EthereumTester, PyEVMBackend
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector
from tests.chains import ROOT

COMPILE_S = 120
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
    done = subprocess.run(
        [str(_NODE), "--input-type=commonjs", "-e", _SCRIPT, source, name],
        cwd=ROOT,
        capture_output=True,
        timeout=COMPILE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Deployed:
    """One contract on a chain of its own; views alone."""

    def __init__(self, source: str, name: str) -> None:
        built = compiled(source, name)
        self.tester = EthereumTester(PyEVMBackend())
        self.sender = self.tester.get_accounts()[0]
        creation = {"from": self.sender, "to": "", "data": "0x" + built["code"], "gas": 12_000_000}
        receipt = self.tester.get_transaction_receipt(self.tester.send_transaction(creation))
        assert receipt["status"] == 1
        self.address = receipt["contract_address"]
        self._functions = {f["name"]: f for f in built["abi"] if f["type"] == "function"}

    def call(self, function: str, *args: Any) -> Any:
        """Return the only value of a view."""
        abi = self._functions[function]
        types = [collapse_if_tuple(item) for item in abi["inputs"]]
        data = function_abi_to_4byte_selector(abi) + encode(types, args)
        request = {"from": self.sender, "to": self.address, "data": "0x" + data.hex(), "gas": GAS}
        raw = bytes.fromhex(self.tester.call(request)[2:])
        return decode([collapse_if_tuple(item) for item in abi["outputs"]], raw)[0]
