"""Measure how far torch on a CUDA device lies from the reference, ONNX Runtime on the CPU.

Place: run by hand, from the repository's root, with torch and onnxruntime installed; it writes
``docs/cuda-calibration.md``. It has not been run on a CUDA device, because none was at hand; with
``--device cpu`` it measures torch on the CPU, which tests this program and nothing else. Data flow:
test models -> reference outputs of the verify tensors -> exponents -> relative distance of torch in
fp32 (TF32 off and on), fp16 and bf16. Never: a certificate; GPU tolerances are not decided yet.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime as ort  # noqa: E402
import torch  # noqa: E402
from tests.models import MODELS, Made  # noqa: E402

from neurovoyance.verification.calibration import TensorNorms, relative_distance  # noqa: E402
from neurovoyance.verification.canonical import Array  # noqa: E402
from neurovoyance.verification.projection import ScaledTensor  # noqa: E402

PAGE = ROOT / "docs" / "cuda-calibration.md"
Exponents = list[tuple[int, ...]]


@dataclass(frozen=True)
class Mode:
    """How torch computes: the type of weights and inputs, and whether products may use TF32."""

    name: str
    dtype: torch.dtype
    has_tf32: bool = False


MODES = (
    Mode("fp32", torch.float32),
    Mode("fp32 with TF32", torch.float32, has_tf32=True),
    Mode("fp16", torch.float16),
    Mode("bf16", torch.bfloat16),
)


def reference(made: Made, count: int) -> list[list[Array]]:
    """Return the verify tensors of every input: ORT, CPU, no optimisation, one thread."""
    model = onnx.load_from_string(made.onnx)
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in made.verify if name not in known
    )
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return [session.run(list(made.verify), made.make_inputs(seed)) for seed in range(count)]


def exponents_of(made: Made, outputs: Sequence[Sequence[Array]]) -> Exponents:
    """Return the exponents that a certificate would give the verify tensors."""
    found: Exponents = []
    for at, name in enumerate(made.verify):
        norms = TensorNorms()
        for arrays in outputs:
            norms.add(arrays[at])
        exponents = norms.exponents(is_hidden=name not in made.outputs)
        if exponents is None:
            raise SystemExit(f"{made.name}: {name} is zero on every input.")
        found.append(exponents)
    return found


@contextmanager
def set_up(mode: Mode) -> Iterator[None]:
    """Switch TF32 as the mode says, and back."""
    backends = torch.backends
    before = backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32
    backends.cuda.matmul.allow_tf32 = backends.cudnn.allow_tf32 = mode.has_tf32
    try:
        yield
    finally:
        backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32 = before


def run_torch(made: Made, mode: Mode, device: str, seed: int) -> list[Array]:
    """Return the verify tensors of one input, computed by torch, as float32."""

    def moved(array: Array) -> torch.Tensor:
        tensor = torch.from_numpy(np.array(array)).to(device)
        return tensor.to(mode.dtype) if tensor.is_floating_point() else tensor

    forward: Callable[..., Sequence[torch.Tensor]] | None = made.forward
    if forward is None:
        raise SystemExit(f"{made.name} has no torch twin.")
    weights: Mapping[str, torch.Tensor] = {n: moved(array) for n, array in made.weights.items()}
    with torch.inference_mode(), set_up(mode):
        values = forward(weights, *(moved(array) for array in made.make_inputs(seed).values()))
    hidden = [name for name in made.verify if name not in made.outputs]
    named = dict(zip([*made.outputs, *hidden], values, strict=True))
    return [named[name].float().cpu().numpy() for name in made.verify]


def distances(made: Made, mode: Mode, device: str, count: int) -> list[float]:
    """Return the relative distance from the reference on every input."""
    outputs = reference(made, count)
    exponents = exponents_of(made, outputs)
    found = []
    for seed, arrays in enumerate(outputs):
        other = run_torch(made, mode, device, seed)
        pair = [
            [ScaledTensor(one, some) for one, some in zip(side, exponents, strict=True)]
            for side in (arrays, other)
        ]
        found.append(relative_distance(*pair))
    return found


def table(device: str, count: int, names: Sequence[str]) -> str:
    """Return the page: one row a model, one column a mode."""
    where = torch.cuda.get_device_name() if device == "cuda" else "the CPU"
    lines = [
        "# Distance of torch from the reference\n\n",
        f"Written by `tools/calibrate_cuda.py`: torch {torch.__version__} on {where} against ONNX "
        f"Runtime {ort.__version__} on the CPU, {count} inputs a model. Relative L2 distance of "
        "the verify tensors, median and largest.\n\n",
    ]
    if device != "cuda":
        lines.append("No CUDA device took part: these numbers say nothing about one.\n\n")
    lines.append("| model | " + " | ".join(mode.name for mode in MODES) + " |\n")
    lines.append("|---" * (len(MODES) + 1) + "|\n")
    for name in names:
        made, cells = MODELS[name](), []
        for mode in MODES:
            try:
                found = distances(made, mode, device, count)
                cells.append(f"{np.median(found):.1e}, {max(found):.1e}")
            except RuntimeError as error:
                cells.append("not run: " + str(error).splitlines()[0][:60].replace("|", "/"))
        lines.append(f"| {name} | " + " | ".join(cells) + " |\n")
    return "".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or print it for a device that is no CUDA device."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--count", type=int, default=100, help="inputs a model")
    parser.add_argument("--models", nargs="*", default=sorted(MODELS), choices=sorted(MODELS))
    parser.add_argument("--out", type=Path, help=f"default: {PAGE.relative_to(ROOT)} with CUDA")
    given = parser.parse_args(arguments)
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.stderr.write("No CUDA device was found; nothing was measured. --device cpu tests it.\n")
        return 2
    text = table(given.device, given.count, given.models)
    out = given.out or (PAGE if given.device == "cuda" else None)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
