"""Where the contracts of one chain are: the record that deployment writes and all others read.

Place: pure file handling; ``deploy`` writes it and compares it with the chain.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address, parse_address

_FORMAT = 1
_ADDRESSES = ("token", "beacon", "stake_manager", "market")
_COURTS = ("registry", "audit_court", "dispute_court")
_ECONOMY = (
    "params",
    "votes",
    "vault",
    "fee_router",
    "emission",
    "canaries",
    "insurance_fund",
    "treasury",
    "channels",
    "guardian",
    "standard_governor",
    "constitutional_governor",
    "standard_timelock",
    "constitutional_timelock",
)
_GRANTS = ("team_grant", "backers_grant", "treasury_grant")


@dataclass(frozen=True, slots=True)
class Deployment:
    """The contracts of one chain.

    Attributes:
        chain_id: the chain.
        genesis_hash: hash of its block 0; tells a wiped devnet from the present one.
        deploy_block: first block that can hold an event of these contracts.
        token, beacon, stake_manager, market: checksummed addresses.
        registry, audit_court, dispute_court: of models, audits and disputes; all three the zero
            address in a deployment without audits.
        params ... constitutional_timelock: the token economy; all the zero address in a
            deployment without it. The insurance fund's address is then also the StakeManager's
            ``insurance``.
        team_grant, backers_grant, treasury_grant: wallets that release over years.
    """

    chain_id: int
    genesis_hash: str
    deploy_block: int
    token: Address
    beacon: Address
    stake_manager: Address
    market: Address
    registry: Address = ZERO_ADDRESS
    audit_court: Address = ZERO_ADDRESS
    dispute_court: Address = ZERO_ADDRESS
    params: Address = ZERO_ADDRESS
    votes: Address = ZERO_ADDRESS
    vault: Address = ZERO_ADDRESS
    fee_router: Address = ZERO_ADDRESS
    emission: Address = ZERO_ADDRESS
    canaries: Address = ZERO_ADDRESS
    insurance_fund: Address = ZERO_ADDRESS
    treasury: Address = ZERO_ADDRESS
    channels: Address = ZERO_ADDRESS
    guardian: Address = ZERO_ADDRESS
    standard_governor: Address = ZERO_ADDRESS
    constitutional_governor: Address = ZERO_ADDRESS
    standard_timelock: Address = ZERO_ADDRESS
    constitutional_timelock: Address = ZERO_ADDRESS
    team_grant: Address = ZERO_ADDRESS
    backers_grant: Address = ZERO_ADDRESS
    treasury_grant: Address = ZERO_ADDRESS

    @property
    def has_audits(self) -> bool:
        """Whether jobs of this deployment can be audited."""
        return self.audit_court != ZERO_ADDRESS

    @property
    def has_economy(self) -> bool:
        """Whether fees are split, rewards vest and parameters are voted on."""
        return self.params != ZERO_ADDRESS

    def named_addresses(self) -> dict[str, Address]:
        """Return the addresses of all contracts by the name of their field."""
        names = (*_ADDRESSES, *_COURTS, *_ECONOMY, *_GRANTS)
        found = {name: Address(getattr(self, name)) for name in names}
        return {name: address for name, address in found.items() if address != ZERO_ADDRESS}

    def contract_addresses(self) -> tuple[Address, ...]:
        """Return the addresses of all contracts."""
        return tuple(self.named_addresses().values())


def record_of(deployment: Deployment) -> dict[str, Any]:
    """Return what the file says; :func:`parse_deployment` reads it."""
    return {"format": _FORMAT, **asdict(deployment)}


def save_deployment(deployment: Deployment, path: Path) -> None:
    """Write the record in one step, replacing an older one.

    Raises:
        ConfigError: the disk refuses.
    """
    text = json.dumps(record_of(deployment), indent=2) + "\n"
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ConfigError(f"The deployment file {path} cannot be written: {error}.") from error


def load_deployment(path: Path, chain_id: int) -> Deployment:
    """Return the record of a chain; whether the chain agrees is ``deploy.verify_deployment``.

    Raises:
        ConfigError: the file is missing, damaged, or of another chain.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"There is no deployment file {path} for chain {chain_id}.",
            hint="Deploy the contracts, or copy the file from who did.",
            path=str(path),
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it is not JSON") from error
    deployment = parse_deployment(document, str(path))
    if deployment.chain_id != chain_id:
        raise ConfigError(
            f"The deployment file {path} is of chain {deployment.chain_id}, not of {chain_id}.",
            hint="Give the file of the chain that the RPC endpoint serves.",
            path=str(path),
            found_chain_id=deployment.chain_id,
            expected_chain_id=chain_id,
        )
    return deployment


def parse_deployment(document: Any, path: str) -> Deployment:
    """Return the deployment that a record names; ``path`` says where it was found.

    Raises:
        ConfigError: it is not such a record.
    """
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise _damaged(path, "its format is unknown")
    genesis = document.get("genesis_hash")
    numbers = (document.get("chain_id"), document.get("deploy_block"))
    if not isinstance(genesis, str) or len(genesis) != 66:
        raise _damaged(path, "genesis_hash is not a hash")
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise _damaged(path, "chain_id or deploy_block is not a number")
    try:
        found = [parse_address(document.get(name, "")) for name in _ADDRESSES]
        optional = (*_COURTS, *_ECONOMY, *_GRANTS)
        found += [parse_address(document.get(name, ZERO_ADDRESS)) for name in optional]
    except SpecError as error:
        raise _damaged(path, "an address is malformed") from error
    return Deployment(int(document["chain_id"]), genesis, int(document["deploy_block"]), *found)


def _damaged(path: Path | str, why: str) -> ConfigError:
    return ConfigError(
        f"The deployment file {path} is damaged: {why}.",
        hint="Deploy again, or copy the file from who did.",
        path=str(path),
    )
