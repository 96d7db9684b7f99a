"""A node that cheats: it computes with weights rounded to int8, and claims the full model.

Place: the demo's fourth node, ``python -m neurovoyance.cli.cheating_node --config FILE``. Rounded
weights need a quarter of the memory and answer nearly right, which is why somebody would do it. It
is the node as it is but for its engine; asked whether its own output would stand in a dispute it
computes honestly, finds out that it would not, and admits it. Never: on anything but the devnet.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.node.logs import set_up_logs
from neurovoyance.node.process import run_node
from neurovoyance.node.runtime.base import Limits, OnProgress, Profile, RunOutput, RunRequest
from neurovoyance.node.runtime.config import C1, Weights
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.settings import NodeSettings, load_settings
from neurovoyance.protocol.errors import ConfigError


class RoundingRuntime(OnnxRuntime):
    """Runs jobs with int8 weights; the reference profile, in which it checks itself, honestly."""

    async def run(
        self, request: RunRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> RunOutput:
        """Execute once, as :meth:`OnnxRuntime.run`, with other weights than asked for."""
        if request.profile is not Profile.C1:
            request = replace(request, config=C1.with_weights(Weights.INT8))
        return await super().run(request, limits, on_progress)


async def run_cheat(settings: NodeSettings) -> None:
    """Run the cheating node until it is stopped.

    Raises:
        ConfigError: the chain is not the devnet.
    """
    if settings.chain_id != DEVNET_CHAIN_ID:
        raise ConfigError(
            "A cheating node runs on the devnet alone.", faults=["chain_id: not the devnet"]
        )
    async with RoundingRuntime() as runtime:
        await run_node(settings, runtime=runtime)


def main() -> None:
    """Read the settings and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    settings = load_settings(parser.parse_args().config)
    set_up_logs(settings.log_path)
    asyncio.run(run_cheat(settings))


if __name__ == "__main__":
    main()
