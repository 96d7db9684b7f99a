"""The torch twin of a test model, exported as a program; the only module here that needs torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from tests.models.made import Made

from neurovoyance.node.runtime.torch_export import export_program


class Twin(torch.nn.Module):
    """A module of named weights and a function of them."""

    def __init__(self, made: Made) -> None:
        super().__init__()
        self._forward = made.forward
        self._names = list(made.weights)
        for name, array in made.weights.items():
            self.register_parameter(
                name, torch.nn.Parameter(torch.from_numpy(np.array(array)), requires_grad=False)
            )

    def forward(self, x: torch.Tensor) -> Any:
        if self._forward is None:
            raise NotImplementedError("this model has no torch twin")
        weights = {name: self.get_parameter(name) for name in self._names}
        return self._forward(weights, x)


def example_of(made: Made) -> dict[str, torch.Tensor]:
    """Return an input whose symbolic dimensions are at least 2, as the export needs."""
    found = {}
    for name, array in made.make_inputs(0).items():
        tensor = torch.from_numpy(array)
        for axis in made.symbols.get(name, {}):
            if tensor.shape[axis] < 2:
                tensor = torch.cat([tensor, tensor], dim=axis)
        found[name] = tensor
    return found


def save_twin(made: Made, path: Path) -> Path:
    """Write the torch program of a model."""
    values = [name for name in made.verify if name not in made.outputs]
    export_program(
        Twin(made),
        example_of(made),
        path,
        outputs=made.outputs,
        values=values,
        symbols=made.symbols,
    )
    return path
