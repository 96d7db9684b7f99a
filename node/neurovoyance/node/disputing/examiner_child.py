"""The confined process that looks through claimed tensors: locks itself in, then judges or seeks.

Place: started by ``examiner``; stdin and stdout carry JSON lines. Model, tensors and listing may
all be hostile, so they are parsed here, behind limits on memory and time, without a network. A
tensor that is needed is asked for by its row, and the parent fetches it; an operator to be run is
asked for too. Never: write a file, or load anything before ``confinement.lock``.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from neurovoyance.node.runtime import confinement
from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.engine import read_inputs
from neurovoyance.protocol.audit import PointKind, trace_seed
from neurovoyance.protocol.errors import InternalError, NeurovoyanceError, SpecError
from neurovoyance.verification.canonical import Array, decode_tensors
from neurovoyance.verification.evidence import Claims
from neurovoyance.verification.graph import Graph, Operator
from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.operators import judge as _rules  # noqa: F401 - before the lock
from neurovoyance.verification.pointing import find_point
from neurovoyance.verification.refereeing import Judgement, SingleRun, judge_point
from neurovoyance.verification.trace import parse_trace_manifest

_STDOUT, _STDERR = 1, 2
GRAPH_NAME = "model.onnx"


class Parent:
    """The other end: questions go out as lines, answers come back as lines."""

    def __init__(self) -> None:
        self._handle = os.dup(_STDOUT)
        os.dup2(_STDERR, _STDOUT)

    def say(self, **values: Any) -> None:
        """Write one line."""
        line = json.dumps(values).encode() + b"\n"
        while line:
            line = line[os.write(self._handle, line) :]

    def ask(self, **values: Any) -> dict[str, Any]:
        """Write one line and return the answer to it."""
        self.say(**values)
        return self.listen()

    def listen(self) -> dict[str, Any]:
        """Return the next line.

        Raises:
            InternalError: the parent is gone.
        """
        line = sys.stdin.buffer.readline()
        if not line:
            raise InternalError("The node ended before its question was answered.")
        found: dict[str, Any] = json.loads(line)
        return found


@dataclass(frozen=True)
class Exam:
    """What is looked at, once it is open.

    Attributes:
        folder: where fetched tensors lie, named by row.
    """

    parent: Parent
    task: dict[str, Any]
    graph: Graph
    claims: Claims
    folder: Path

    def run_operator(
        self, operator: Operator, inputs: Sequence[Array | None]
    ) -> Sequence[Array | None]:
        """Have one operator run by the node's engine on tensors that lie in the folder.

        Raises:
            SpecError: the engine could not run it.
        """
        first = next(self.graph.row_by_name[name] for name in operator.outputs if name)
        given = [
            [name, self.graph.row_by_name.get(name)]
            for name, array in zip(operator.inputs, inputs, strict=True)
            if array is not None and name not in self.graph.weights
        ]
        answer = self.parent.ask(ask="run", row=first, inputs=given)
        if not answer.get("file"):
            raise SpecError(str(answer.get("why", "The engine could not run the operator.")))
        arrays = iter(decode_tensors(_mapped(self.folder / str(answer["file"]))))
        return [next(arrays) if name else None for name in operator.outputs]


def main() -> None:
    """Serve one task and end the process."""
    entered = confinement.enter()
    parent = Parent()
    try:
        task = parent.listen()
        limits = Limits(**task["limits"])
        model, given, folder = (Path(task[name]) for name in ("model", "input", "folder"))
        held = confinement.lock(entered, limits, [model, given, folder], task["mapped_bytes"])
        confinement.require_no_network(held)
        parent.say(done=_examine(parent, task, model, given, folder))
    except NeurovoyanceError as error:
        parent.say(error=error.to_wire())
    except MemoryError:
        parent.say(error=SpecError("The tensors do not fit into the memory limit.").to_wire())
    except Exception as error:  # noqa: BLE001 - the process boundary: nothing may cross unwired
        text = f"The examination failed with {type(error).__name__}: {error}"[:1000]
        parent.say(error=InternalError(text).to_wire())
    os._exit(0)


def _examine(
    parent: Parent, task: dict[str, Any], model: Path, given: Path, folder: Path
) -> dict[str, Any]:
    graph = read_graph(*model_parts(model))
    listed = parse_trace_manifest(
        (folder / task["manifest"]).read_bytes(),
        dispute_id=int(task["dispute_id"]),
        rows=task["rows"],
        root=bytes.fromhex(task["root"]),
    )

    def fetch(row: int) -> bytes | None:
        path = folder / f"{row}.tensor"
        if not path.exists() and not parent.ask(ask="row", row=row).get("ok"):
            return None
        return path.read_bytes()

    claims = Claims(
        graph, listed.trace.rows, fetch, read_inputs(given), trace_seed(int(task["dispute_id"]))
    )
    exam = Exam(parent, task, graph, claims, folder)
    return _seek(exam) if task["task"] == "seek" else _judge(exam)


def _judge(exam: Exam) -> dict[str, Any]:
    try:
        found = _judged(exam, exam.run_operator)
    except SpecError:
        # In an EXACT job the engine is the measure; elsewhere it only has to agree with itself.
        if exam.task["is_exact"]:
            raise
        found = _judged(exam, None)
    return {"vote": int(found.vote), "why": found.reason}


def _judged(exam: Exam, run: SingleRun | None) -> Judgement:
    return judge_point(
        PointKind(exam.task["kind"]),
        exam.task["row"],
        exam.claims,
        is_exact=exam.task["is_exact"],
        single_run=run,
    )


def _seek(exam: Exam) -> dict[str, Any]:
    task = exam.task
    own = parse_trace_manifest(
        (exam.folder / task["own_manifest"]).read_bytes(),
        dispute_id=int(task["dispute_id"]),
        rows=task["rows"],
        root=bytes.fromhex(task["own_root"]),
    )
    point = find_point(
        exam.graph,
        own.trace.rows,
        exam.claims,
        is_exact=task["is_exact"],
        exact_run=exam.run_operator if task["is_exact"] else None,
    )
    if point is None:
        return {}
    return {"kind": int(point.kind), "row": point.row, "why": point.reason}


def model_parts(path: Path) -> tuple[memoryview, Any]:
    """Return the graph file and a resolver of the data beside it."""
    folder = path if path.is_dir() else path.parent
    graph = path / GRAPH_NAME if path.is_dir() else path

    def resolve(name: str, offset: int, length: int | None) -> memoryview:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise SpecError("The model names weights outside its own directory.")
        data = _mapped(folder.joinpath(*parts))
        end = len(data) if length is None else offset + length
        if not 0 <= offset <= end <= len(data):
            raise SpecError("The model names weights beyond the end of a file.")
        return data[offset:end]

    return _mapped(graph), resolve


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


if __name__ == "__main__":
    main()
