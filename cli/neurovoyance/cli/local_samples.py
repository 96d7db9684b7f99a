"""The model that a local network's pages offer for a first try: the file-type model, if installed.

Place: written for the market's service before it starts. With audits the model is registered by its
manifest, so the shipped certificate goes along. Without the package ``magika`` there is no sample;
with another version than the certificate is for, the service leaves it out. Pages do without.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli.demo_model import shipped_manifest
from neurovoyance.client.filetypes import INPUT_NAME, OUTPUT_NAME, FileTypeModel, installed_model
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.tokenomics.params import default_of

TITLE = "What type is this file?"
ABOUT = "Magika, a small neural network, tells the type of a file from 2,048 of its bytes."


@dataclass(frozen=True, slots=True)
class LocalSample:
    """The sample's file for the service, and the manifest to register where there are audits."""

    path: Path
    manifest: ModelManifest


async def write_samples(folder: Path) -> LocalSample | None:
    """Write the samples file of a local network; None where there is no model to offer."""
    try:
        model = await asyncio.to_thread(installed_model)
    except ConfigError:
        return None
    manifest = shipped_manifest()
    path = folder / "samples.json"
    await asyncio.to_thread(path.write_text, json.dumps([_sample(model, manifest)]), "utf-8")
    return LocalSample(path, manifest)


def _sample(model: FileTypeModel, manifest: ModelManifest) -> dict[str, object]:
    return {
        "path": str(model.path),
        "manifest": json.loads(manifest.canonical_bytes()),
        "title": TITLE,
        "about": ABOUT,
        "file_types": {
            "input": INPUT_NAME,
            "output": OUTPUT_NAME,
            "beg_size": model.beg_size,
            "end_size": model.end_size,
            "block_size": model.block_size,
            "min_size": model.min_size,
            "padding": model.padding,
            "labels": [model.overwrite.get(label, label) for label in model.labels],
        },
    }


async def register_sample(contracts: Contracts, sample: LocalSample) -> None:
    """Register the sample's model, bonded by the deployer; a fresh chain has none registered."""
    bank = devnet_wallet(0)
    bond_wei = default_of("registrantBondWei")
    await contracts.token.approve(bank, contracts.deployment.registry, bond_wei)
    await contracts.registry.register(bank, sample.manifest.canonical_bytes())
