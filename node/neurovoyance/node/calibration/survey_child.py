"""The confined process that reads a model's graph, and judges the operators of one honest trace.

Place: started by ``surveyor``; one line of JSON in, one out. The model may be a stranger's, so it
is parsed here, behind limits on memory and time, without a network. Never: write a file, or load
anything before ``confinement.lock``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from neurovoyance.node.calibration.survey import survey_of
from neurovoyance.node.disputing.examiner_child import Parent, model_parts
from neurovoyance.node.runtime import confinement
from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.engine import read_inputs
from neurovoyance.protocol.errors import InternalError, NeurovoyanceError, SpecError
from neurovoyance.verification.canonical import Array, decode_tensor
from neurovoyance.verification.graph import Graph, Operator
from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.operators.base import CannotJudge, Inconsistent
from neurovoyance.verification.operators.judge import check, evaluate

FAULTS_MAX = 20


def main() -> None:
    """Serve one task and end the process."""
    entered = confinement.enter()
    parent = Parent()
    try:
        task = parent.listen()
        paths = [Path(task[name]) for name in ("model", "input", "folder") if task[name]]
        limits = Limits(**task["limits"])
        held = confinement.lock(entered, limits, paths, task["mapped_bytes"])
        confinement.require_no_network(held)
        graph = read_graph(*model_parts(Path(task["model"])))
        parent.say(done=_judged(graph, task) if task["folder"] else _surveyed(graph, task))
    except NeurovoyanceError as error:
        parent.say(error=error.to_wire())
    except MemoryError:
        parent.say(error=SpecError("The model does not fit into the memory limit.").to_wire())
    except Exception as error:  # noqa: BLE001 - the process boundary: nothing may cross unwired
        text = f"Reading the model failed with {type(error).__name__}: {error}"[:1000]
        parent.say(error=InternalError(text).to_wire())
    sys.stdout.flush()
    os._exit(0)


def _surveyed(graph: Graph, task: dict[str, Any]) -> dict[str, Any]:
    return survey_of(graph, task["names"]).model_dump(mode="json")


def _judged(graph: Graph, task: dict[str, Any]) -> dict[str, Any]:
    """Return faults and doubts of an honest trace: operators that no referee could judge."""
    folder, given = Path(task["folder"]), read_inputs(Path(task["input"]))
    faults: list[str] = []
    doubts: list[str] = []
    for operator in graph.operators:
        if len(faults) >= FAULTS_MAX:
            break
        inputs = [_value(graph, name, given, folder) for name in operator.inputs]
        outputs = [_value(graph, name, given, folder) for name in operator.outputs]
        fault, doubt = judge_operator(operator, inputs, outputs, graph.opset)
        faults += [fault] if fault else []
        doubts += [doubt] if doubt else []
    return {"faults": faults, "doubts": doubts[:FAULTS_MAX]}


def judge_operator(
    operator: Operator, inputs: list[Array | None], outputs: list[Array | None], opset: int
) -> tuple[str, str]:
    """Return why an honest operator could not be judged right, and why perhaps not; or "".

    Args:
        inputs: tensors of an honest run, by position.
        outputs: the same.
        opset: of the model.
    """
    try:
        evaluate(operator, inputs, opset, outputs)
    except NeurovoyanceError as error:
        return f"No rule covers {operator.describe()} as it is used here: {error.message}", ""
    finding = check(operator, inputs, outputs, opset)
    if isinstance(finding, Inconsistent):
        return f"An honest run would be called wrong: {finding.reason}", ""
    if isinstance(finding, CannotJudge):
        return "", finding.reason
    return "", ""


def _value(graph: Graph, name: str, given: dict[str, Array], folder: Path) -> Array | None:
    if not name:
        return None
    if name in graph.weights:
        return graph.weights[name].load()
    if name in given:
        return given[name]
    return decode_tensor((folder / f"{graph.row_of(name)}.tensor").read_bytes())[0]


if __name__ == "__main__":
    main()
