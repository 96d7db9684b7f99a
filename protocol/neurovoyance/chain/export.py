"""Copy ABI and bytecode of the contracts from Hardhat's output into the package.

Place: L1, a build step (``npm run build``, then ``python -m neurovoyance.chain.export``). The chain
client loads ``abi/<Name>.json`` and needs neither Node nor a compiler at run time. Never: compile,
touch a network, or write anything but those files. The same sources and settings give the same
bytes; ``--check`` fails when the committed files are older than the sources.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from neurovoyance.protocol.errors import ConfigError

CONTRACTS: Final[Mapping[str, str]] = {
    "AuditCourt": "contracts/verification/AuditCourt.sol",
    "BlockHashBeacon": "contracts/verification/BlockHashBeacon.sol",
    "Canaries": "contracts/rewards/Canaries.sol",
    "ComputeToken": "contracts/token/ComputeToken.sol",
    "ConstitutionalGovernor": "contracts/governance/ConstitutionalGovernor.sol",
    "DisputeCourt": "contracts/verification/DisputeCourt.sol",
    "EmissionController": "contracts/rewards/EmissionController.sol",
    "FeeRouter": "contracts/rewards/FeeRouter.sol",
    "Grant": "contracts/token/Grant.sol",
    "Guardian": "contracts/governance/Guardian.sol",
    "InsuranceFund": "contracts/rewards/InsuranceFund.sol",
    "JobMarket": "contracts/market/JobMarket.sol",
    "ModelRegistry": "contracts/verification/ModelRegistry.sol",
    "PaymentChannels": "contracts/market/PaymentChannels.sol",
    "ProtocolParams": "contracts/governance/ProtocolParams.sol",
    "ProtocolTimelock": "contracts/governance/ProtocolTimelock.sol",
    "StakeManager": "contracts/staking/StakeManager.sol",
    "StandardGovernor": "contracts/governance/StandardGovernor.sol",
    "Treasury": "contracts/governance/Treasury.sol",
    "VestingVault": "contracts/rewards/VestingVault.sol",
    "VotingPower": "contracts/governance/VotingPower.sol",
}
"""Every exported contract and its source, relative to the repository root."""

MAX_CODE_BYTES: Final = 24_576
"""Largest deployed contract of the EVM (EIP-170), in bytes."""

_ROOT: Final = Path(__file__).resolve().parents[3]
_TARGET: Final = Path(__file__).resolve().parent / "abi"
_BUILD_HINT: Final = "Run `npm ci && npm run build` in the repository root, then export again."


def _read_json(path: Path) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            "A file of the contract build is missing or unreadable; nothing was written.",
            hint=_BUILD_HINT,
            path=str(path),
            reason=str(error),
        ) from error
    return loaded


def settings_hash(solc_version: str, settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the compiler's version and the settings that decide the bytes.

    ``outputSelection`` says what is reported and ``remappings`` where sources lie; neither changes
    what is generated, and both depend on which files were built together. They are left out.
    """
    passing = ("outputSelection", "remappings")
    deciding = {key: value for key, value in settings.items() if key not in passing}
    text = json.dumps([solc_version, deciding], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _entry_key(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    inputs = ",".join(str(part["type"]) for part in entry.get("inputs", ()))
    return str(entry["type"]), str(entry.get("name", "")), inputs


def render(artifacts: Path, name: str) -> str:
    """Return the exported text of one contract: minified JSON with sorted keys and a newline.

    Args:
        artifacts: Hardhat's ``artifacts`` folder.
        name: a key of :data:`CONTRACTS`.

    Raises:
        ConfigError: the build is missing, needs linking, or the code is above
            :data:`MAX_CODE_BYTES`.
    """
    artifact = _read_json(artifacts / CONTRACTS[name] / f"{name}.json")
    build = _read_json(artifacts / "build-info" / f"{artifact['buildInfoId']}.json")
    code_size_bytes = (len(artifact["deployedBytecode"]) - 2) // 2
    if artifact["linkReferences"] or not 0 < code_size_bytes <= MAX_CODE_BYTES:
        raise ConfigError(
            f"{name} cannot be deployed as built; nothing was written.",
            hint="Keep libraries internal and the deployed code under 24,576 bytes.",
            code_size_bytes=code_size_bytes,
        )
    exported = {
        "abi": sorted(artifact["abi"], key=_entry_key),
        "bytecode": artifact["bytecode"],
        "compiler": {
            "settingsHash": settings_hash(build["solcLongVersion"], build["input"]["settings"]),
            "version": build["solcLongVersion"],
        },
        "name": name,
    }
    return json.dumps(exported, sort_keys=True, separators=(",", ":")) + "\n"


def export(artifacts: Path, target: Path, *, check: bool = False) -> list[str]:
    """Write every contract, or with ``check`` only compare; return the names that differed.

    Files in ``target`` that belong to no contract count as differing and are removed.

    Raises:
        ConfigError: see :func:`render`; raised before anything is written.
    """
    texts = {name: render(artifacts, name) for name in CONTRACTS}
    differing = []
    for name, text in texts.items():
        path = target / f"{name}.json"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            differing.append(name)
            if not check:
                target.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for stray in sorted(target.glob("*.json")):
        if stray.stem not in texts:
            differing.append(stray.stem)
            if not check:
                stray.unlink()
    return differing


def main(argv: Sequence[str] | None = None) -> int:
    """Run the export; return 1 when ``--check`` found a difference, 2 when it could not run."""
    parser = argparse.ArgumentParser(prog="neurovoyance.chain.export", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    parser.add_argument("--artifacts", type=Path, default=_ROOT / "artifacts")
    parser.add_argument("--target", type=Path, default=_TARGET)
    options = parser.parse_args(argv)
    try:
        differing = export(options.artifacts, options.target, check=options.check)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not differing:
        sys.stdout.write("The exported contracts are current.\n")
        return 0
    verb = "differs from the build" if options.check else "was written"
    for name in differing:
        sys.stdout.write(f"{name} {verb}\n")
    return 1 if options.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
