"""The demo's cheat rounds its weights, checks itself honestly, and stays on the devnet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models import MODELS

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli.cheating_node import RoundingRuntime, run_cheat
from neurovoyance.node.runtime.base import Limits, Profile, RunRequest
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.settings import DEVNET_CHAIN_ID, NodeSettings
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.verification.canonical import Array, decode_tensors

LIMITS = Limits(memory_bytes=1 << 30, cpu_time_s=60, wall_time_s=120.0)


async def outputs(runtime: OnnxRuntime, folder: Path, profile: Profile) -> list[Array]:
    made = MODELS["mlp_softmax"]()
    [given] = made.save_inputs(folder, 1)
    request = RunRequest(
        made.save(folder), given, folder / "out", output_names=made.verify, profile=profile
    )
    await runtime.run(request, LIMITS)
    return decode_tensors((folder / "out").read_bytes())


async def test_jobs_are_computed_with_rounded_weights_and_checks_with_the_true_ones(
    tmp_path: Path,
) -> None:
    async with OnnxRuntime(keep_warm=False) as honest, RoundingRuntime(keep_warm=False) as cheat:
        true = await outputs(honest, tmp_path, Profile.FAST)
        cheap = await outputs(cheat, tmp_path, Profile.FAST)
        reference = await outputs(honest, tmp_path, Profile.C1)
        own_check = await outputs(cheat, tmp_path, Profile.C1)
    for one, other in zip(true, cheap, strict=True):
        apart = np.linalg.norm(one - other) / np.linalg.norm(one)
        assert 1e-4 < apart < 0.2, "nearly right, and far beyond any tolerance"
    for one, other in zip(reference, own_check, strict=True):
        np.testing.assert_array_equal(one, other)


async def test_it_refuses_every_chain_but_the_devnet(tmp_path: Path) -> None:
    settings = NodeSettings.model_validate(
        {
            "rpc_urls": ["http://127.0.0.1:9"],
            "chain_id": DEVNET_CHAIN_ID + 1,
            "deployment_path": tmp_path / "deployment.json",
            "data_dir": tmp_path / "data",
            "owner": devnet_wallet(2).address,
            "operator_keystore": tmp_path / "operator.json",
        }
    )
    with pytest.raises(ConfigError, match="devnet alone"):
        await run_cheat(settings)
    assert not (tmp_path / "data").exists()
