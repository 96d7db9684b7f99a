"""Write a torch program: what a publisher does with a module that torch can export.

Place: outside the node, at the publisher's; imports torch. It takes the operator list that
``torch.export`` finds and keeps names, arguments and weights. Never: write a pickle, or an operator
that the node would refuse.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from neurovoyance.node.runtime.torch_format import FORMAT_KEY, VERSION, refused
from neurovoyance.node.runtime.torch_operators import GET_ITEM, NUMBER_OPERATORS, OPERATORS

_NUMBERS: Final = {
    getattr(operator, name.removeprefix("number.")): name for name in NUMBER_OPERATORS
}
_DROPPED: Final = {"device", "layout", "pin_memory", "memory_format"}


def export_program(
    module: torch.nn.Module,
    example: Mapping[str, torch.Tensor],
    path: Path,
    *,
    outputs: Sequence[str],
    values: Sequence[str] = (),
    symbols: Mapping[str, Mapping[int, str]] | None = None,
) -> None:
    """Write a program file.

    Args:
        module: takes the example's tensors by position, returns a tensor or a tuple: first the
            outputs, then the values.
        example: input name -> a tensor of a fitting shape; the symbolic dimensions at least 2.
        path: the file to write.
        outputs: name of each output, such as that of the same value in an ONNX file.
        values: names of further results that may be asked for, such as verify tensors.
        symbols: input name -> axis -> name of the symbolic dimension.

    Raises:
        UnsupportedModel: the module needs an operator or argument that the node refuses.
    """
    program = _export(module.eval(), example, symbols or {})
    signature = program.graph_signature
    weights = {**program.state_dict, **program.constants}
    keys = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    steps: list[dict[str, Any]] = []
    given: list[str] = []
    results: Sequence[torch.fx.Node] = ()
    for node in program.graph.nodes:
        if node.op == "placeholder":
            if node.name not in keys:
                given.append(node.name)
        elif node.op == "output":
            results = node.args[0]
        elif not str(node.target).endswith("_assert_tensor_metadata.default"):
            steps.append(_step(node, keys))
    inputs = [
        _input(name, value, tensor, (symbols or {}).get(name, {}))
        for (name, tensor), value in zip(example.items(), given, strict=True)
    ]
    named = {name: _value(name, node) for name, node in _pair(results, outputs, values)}
    found = {
        "version": VERSION,
        "inputs": inputs,
        "outputs": [named[name] for name in outputs],
        "values": [named[name] for name in values],
        "steps": steps,
    }
    used = {key: weights[key].detach().clone().contiguous() for key in set(keys.values())}
    text = json.dumps(found, allow_nan=False, separators=(",", ":"))
    save_file(used, path, metadata={FORMAT_KEY: text})


def _export(
    module: torch.nn.Module,
    example: Mapping[str, torch.Tensor],
    symbols: Mapping[str, Mapping[int, str]],
) -> Any:
    names = sorted({name for axes in symbols.values() for name in axes.values()})
    dims = {name: torch.export.Dim(name) for name in names}
    shapes = tuple(
        {axis: dims[symbol] for axis, symbol in symbols.get(name, {}).items()} for name in example
    )
    return torch.export.export(module, tuple(example.values()), dynamic_shapes=shapes)


def _pair(
    results: Sequence[torch.fx.Node], outputs: Sequence[str], values: Sequence[str]
) -> list[tuple[str, torch.fx.Node]]:
    names = (*outputs, *values)
    if len(results) != len(names):
        raise refused(f"The module gives {len(results)} results for {len(names)} names.")
    return list(zip(names, results, strict=True))


def _step(node: torch.fx.Node, keys: Mapping[str, str]) -> dict[str, Any]:
    target: Any = node.target
    if target is operator.getitem:
        name = GET_ITEM
    elif target in _NUMBERS:
        name = _NUMBERS[target]
    else:
        name = str(target).removeprefix("aten.")
    args: Sequence[Any] = node.args
    if name == "dropout.default":  # outside training it passes its input on
        name, args = "alias.default", node.args[:1]
    if name not in OPERATORS:
        raise refused(f"The operator {name!r} is not accepted.")
    kwargs = {key: item for key, item in node.kwargs.items() if key not in _DROPPED}
    return {
        "name": node.name,
        "op": name,
        "args": [_argument(item, keys) for item in args],
        "kwargs": {key: _argument(item, keys) for key, item in kwargs.items()},
    }


def _argument(item: Any, keys: Mapping[str, str]) -> Any:
    if isinstance(item, torch.fx.Node):
        if item.name in keys:
            return {"weight": keys[item.name]}
        return {"value": item.name}
    if isinstance(item, (list, tuple)):
        return [_argument(part, keys) for part in item]
    if isinstance(item, torch.dtype):
        return {"dtype": str(item).removeprefix("torch.")}
    if isinstance(item, float) and not math.isfinite(item):
        return {"float": str(item)}
    if item is None or isinstance(item, (bool, int, float)):
        return item
    if isinstance(item, str):
        return {"text": item}
    raise refused(f"An argument of type {type(item).__name__} cannot be kept.")


def _input(
    name: str, value: str, tensor: torch.Tensor, symbols: Mapping[int, str]
) -> dict[str, Any]:
    shape = [symbols.get(axis, size) for axis, size in enumerate(tensor.shape)]
    dtype = str(tensor.dtype).removeprefix("torch.")
    return {"name": name, "value": value, "dtype": dtype, "shape": shape}


def _value(name: str, node: torch.fx.Node) -> dict[str, Any]:
    tensor = node.meta["val"]
    shape = [size if isinstance(size, int) else None for size in tensor.shape]
    dtype = str(tensor.dtype).removeprefix("torch.")
    return {"name": name, "value": node.name, "dtype": dtype, "shape": shape}
