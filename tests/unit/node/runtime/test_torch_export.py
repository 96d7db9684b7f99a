"""Exporting a module: the program gives its bits, and what the node would refuse is not written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurovoyance.node.runtime.config import Engine, EngineConfig
from neurovoyance.protocol.errors import UnsupportedModel

torch = pytest.importorskip("torch")
from neurovoyance.node.runtime import torch_session  # noqa: E402
from neurovoyance.node.runtime.torch_export import export_program  # noqa: E402


class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A linear layer with dropout, and its input to the softmax as a second result."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, x: Any) -> Any:
        logits = self.drop(self.linear(x))
        return logits.softmax(-1), logits


def test_a_program_gives_the_bits_of_its_module_for_any_batch(tmp_path: Path) -> None:
    torch.manual_seed(3)
    module, path = Net().eval(), tmp_path / "m"
    example = {"x": torch.randn(2, 4)}
    symbols = {"x": {0: "n"}}
    export_program(module, example, path, outputs=["y"], values=["logits"], symbols=symbols)
    loaded = torch_session.load(torch_session.check(path), EngineConfig(Engine.TORCH), ("y",))
    assert loaded.inputs[0].shape == ("n", 4)
    x = torch.randn(5, 4)
    found = loaded.run({"x": x.numpy()}, loaded.outputs)
    with torch.no_grad():
        expected = module(x)
    assert [a.tobytes() for a in found] == [tensor.numpy().tobytes() for tensor in expected]


class Noise(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Adds random numbers."""

    def forward(self, x: Any) -> Any:
        return (x + torch.rand_like(x),)


def test_a_module_that_draws_random_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match="not accepted"):
        export_program(Noise(), {"x": torch.randn(2)}, tmp_path / "m", outputs=["y"])
    assert not (tmp_path / "m").exists()


def test_results_without_a_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match="2 results"):
        export_program(Net(), {"x": torch.randn(2, 4)}, tmp_path / "m", outputs=["y"])
