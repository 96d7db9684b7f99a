"""A private network in which client and node share an IPFS daemon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.cli.conftest import write_sum_model
from tests.unit.ipfs.serving import Standin

from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.client.opening import open_from_profile
from neurovoyance.ipfs.composite import Composite
from neurovoyance.ipfs.kubo import KuboBackend


@pytest.mark.slow
async def test_what_a_job_provides_reaches_the_daemon(tmp_path: Path) -> None:
    daemon = Standin(tmp_path / "kubo")
    daemon.start()
    try:
        home = tmp_path / "home"
        async with (
            LocalNetwork(home, node_count=1, kubo_rpc_url=daemon.url),
            await open_from_profile(home) as client,
        ):
            model = write_sum_model(tmp_path / "sum.onnx")
            job = await client.submit(model, {"x": np.ones((2, 3), np.float32)})
            result = await job.result()
            assert (result["y"] == 3).all()
            storage = client.session.storage
            assert isinstance(storage, Composite)
            await storage.announced()
            offered = [pin.cid for pin in await storage.pins() if pin.name != ""]
        async with KuboBackend(daemon.url, is_offline=True) as kubo:
            held = [pin.cid for pin in await kubo.pins()]
        assert held and set(held) & set(offered)
    finally:
        daemon.kill()
