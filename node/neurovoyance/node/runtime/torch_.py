"""The runtime for torch models: programs and architectures, see ``docs/spec/torch.md``.

Place: ``ConfinedRuntime`` with the engine ``torch``, which is an optional extra. The child is
confined like any other. Never: import torch here.
"""

from __future__ import annotations

from typing import ClassVar

from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.confined import ConfinedRuntime


class TorchRuntime(ConfinedRuntime):
    """Runs torch models on the CPU; an idle child takes about 230 MB."""

    engine: ClassVar[Engine] = Engine.TORCH
