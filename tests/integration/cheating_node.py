"""A provider's node that computes jobs with weights rounded to int8, to show what that costs.

Started as ``python -m tests.integration.cheating_node --config node.toml``; all else is the node
that everybody runs. Its second look after a failed audit runs under C1 and honest weights, so it
knows that it has lost and concedes.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

from neurovoyance.node.logs import set_up_logs
from neurovoyance.node.process import run_node
from neurovoyance.node.runtime.base import (
    Limits,
    OnProgress,
    Profile,
    RunOutput,
    RunRequest,
)
from neurovoyance.node.runtime.config import Engine, Weights, config_of
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.settings import load_settings


class RoundingRuntime(OnnxRuntime):
    """Runs jobs with int8 weights; what is not a job is computed as asked."""

    async def run(
        self, request: RunRequest, limits: Limits, on_progress: OnProgress | None = None
    ) -> RunOutput:
        if request.profile is Profile.FAST and request.config is None:
            config = config_of(Profile.FAST, Engine.ORT, limits.threads)
            request = replace(request, config=config.with_weights(Weights.INT8))
        return await super().run(request, limits, on_progress)


async def run() -> None:
    """Run the node until it is stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--crash-at")
    options = parser.parse_args()
    settings = load_settings(options.config, arguments={"crash_at": options.crash_at})
    set_up_logs(settings.log_path)
    async with RoundingRuntime() as runtime:
        await run_node(settings, runtime=runtime)


if __name__ == "__main__":
    asyncio.run(run())
