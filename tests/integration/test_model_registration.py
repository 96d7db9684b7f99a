"""From a model file to a registered model: measured, certified, bonded, verified, challenged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.models import MODELS
from tests.worlds import World, audited_world

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.registry import ModelState
from neurovoyance.cli.main import run
from neurovoyance.client.models import read_certificate
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.protocol.certificate import tau_sq_of
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.params import default_of

__all__ = ["audited_world"]

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
async def home(audited_world: World, tmp_path: Path) -> AsyncIterator[Path]:
    """A client's home on the audited devnet, whose account holds three bonds."""
    folder = tmp_path / "home"
    profile = NetworkProfile(
        name="test",
        chain_id=31337,
        rpc_urls=[audited_world.devnet.url],
        deployment=str(tmp_path / "deployment.json"),
        devnet_account=3,
        poll_s=0.05,
    )
    save_profile(profile, folder / "network.json")
    token = audited_world.contracts.token
    money_wei = 3 * default_of("registrantBondWei") + nvy("1")
    await token.transfer(audited_world.devnet.wallet(0), devnet_wallet(3).address, money_wei)
    yield folder


async def told(
    capsys: pytest.CaptureFixture[str], home: Path, *arguments: str, code: int = 0
) -> Any:
    """Run a command as a person's program would; return its JSON."""
    capsys.readouterr()
    found = await asyncio.to_thread(run, [*arguments, "--home", str(home), "--json"])
    out, err = capsys.readouterr()
    assert found == code, out + err
    return json.loads(out)


async def test_a_model_is_certified_registered_and_verified(
    audited_world: World, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = MODELS["mlp_softmax"]()
    path, inputs = made.save(tmp_path), tmp_path / "inputs"
    inputs.mkdir()
    for given in made.save_inputs(inputs, 6):
        given.rename(given.with_suffix(".safetensors"))
    trial = ("--count", "4", "--allow-few")
    shown = await told(
        capsys, home, "model", "calibrate", str(path), "--inputs", str(inputs), *trial
    )
    assert shown["tensors"] == ["logits", "feature"]
    certificate = tmp_path / "mlp_softmax.certificate.json"
    manifest = read_certificate(certificate)
    assert hex_of(manifest.model_id()) == shown["model_id"]

    # Registered once, by the model's own name, and told so the second time.
    first = await told(capsys, home, "model", "register", str(path))
    assert (first["is_new"], first["state"]) == (True, "REGISTERED")
    assert first["bond_wei"] == str(default_of("registrantBondWei"))
    again = await told(capsys, home, "model", "register", str(certificate))
    assert (again["is_new"], again["bond_wei"]) == (False, first["bond_wei"])
    held_wei = await audited_world.contracts.token.balance_of_wei(devnet_wallet(3).address)
    assert held_wei == 2 * default_of("registrantBondWei") + nvy("1")
    # Auditors have seats in the pool `cpu` and none in this machine's numeric class.
    assert again["job_classes"] == ["TENSOR"]
    record = await audited_world.contracts.registry.model(manifest.model_id())
    assert record.terms() == manifest.read_terms()

    verify = ("model", "verify", shown["model_id"], "--inputs", "2")
    found = await told(capsys, home, *verify, "--allow-few", "--challenge")
    assert found["holds"]
    assert (found["inputs"], found["evidence"]) == (2, "")
    strict = await told(capsys, home, *verify, code=1)
    assert strict["faults"] == [
        "It was measured on 4 inputs drawn from 6; 100 of 200 are the fewest."
    ]

    await a_false_tolerance_is_challenged(audited_world, home, certificate, capsys)


async def a_false_tolerance_is_challenged(
    world: World, home: Path, certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Register the same model with a tolerance that lets fp16 pass, and challenge it."""
    manifest = read_certificate(certificate)
    assert manifest.certificate is not None
    terms, tau = manifest.read_terms(), "5.00e-3"
    false = manifest.model_copy(
        update={
            "terms": type(terms)(
                tau_sq_of(tau),
                terms.tensor_pool,
                terms.exact_pool,
                terms.rows,
                terms.verify_rows_hash,
            ).encode(),
            "certificate": manifest.certificate.model_copy(update={"tau": tau}),
        }
    )
    path = certificate.with_name("false.certificate.json")
    path.write_bytes(false.canonical_bytes())
    await told(capsys, home, "model", "register", str(path))
    shown = await told(
        capsys,
        home,
        *("model", "verify", hex_of(false.model_id()), "--inputs", "2", "--allow-few"),
        "--challenge",
        code=1,
    )
    assert any(fault.startswith("Fp16 weights come as near as 0.0") for fault in shown["faults"])
    assert shown["evidence"].startswith("b")
    record = await world.contracts.registry.model(false.model_id())
    assert record.state is ModelState.CHALLENGED
