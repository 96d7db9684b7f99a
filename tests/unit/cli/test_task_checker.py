"""Tasks are repeated in the sandbox, and what cannot be repeated is no reason to refuse to pay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.content import INPUT, WEIGHTS, input_file, tiny_model

from neurovoyance.cli.task_checker import LocalChecker
from neurovoyance.client.models import publish_model
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.errors import VerificationError


async def test_a_task_is_repeated_here(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(tiny_model())
    async with EmbeddedBackend(tmp_path / "store") as storage:
        model = await publish_model(storage, tmp_path / "tiny.onnx")
        async with LocalChecker(storage, tmp_path) as checker:
            found = await checker.repeat(model, [], [input_file(), input_file(x=INPUT * 2)])
            np.testing.assert_allclose(found[0][0], INPUT @ WEIGHTS, rtol=1e-6)
            np.testing.assert_allclose(found[1][0], INPUT * 2 @ WEIGHTS, rtol=1e-6)
            with pytest.raises(VerificationError, match="could not be repeated"):
                await checker.repeat(model, [], [b"no tensors"])
        assert not list(tmp_path.glob("check-*"))
