"""Choose what a model's certificate covers: tensors before softmax, sigmoid or argmax.

Place: L2, at registration. Data flow: graph -> proposals in order, best first -> calibration tries
them. Squashing hides what a cheat changes: rounding weights to fp16 moves logits by 1e-3 and a
softmax row by 1e-6. Never: a proposal whose outputs the client could not compute itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from neurovoyance.protocol.certificate import TailNode
from neurovoyance.protocol.errors import NeurovoyanceError
from neurovoyance.verification.calibration import Candidate
from neurovoyance.verification.graph import Graph, Operator
from neurovoyance.verification.operators.judge import evaluate, rule_of
from neurovoyance.verification.softmax_pattern import WrittenSoftmax, find_softmaxes
from neurovoyance.verification.tail import (
    MAX_CONSTANT_ELEMENTS,
    TAIL_OPERATORS,
    constant_node,
    tail_node,
)

MAX_TAIL: Final = 64
MAX_VERIFY: Final = 16
FEATURE_LEVELS: Final = 3
"""How many feature tensors before the first one are proposed as well."""

SQUASHING: Final = frozenset(
    {"Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid", "Tanh", "ArgMax", "ArgMin", "TopK"}
) | {"Exp", "ReduceMax"}
_MIXING: Final = frozenset(
    {"MatMul", "Gemm", "Conv", "ConvTranspose", "Einsum", "LSTM", "GRU", "RNN"}
)


@dataclass(frozen=True, slots=True)
class NoTail:
    """The outputs do not follow from the verify tensors; why, one full sentence each."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Verify tensors to try, and why, in one full sentence for people."""

    candidate: Candidate
    reason: str


def split_tail(graph: Graph, verify: Sequence[str]) -> list[TailNode] | NoTail:
    """Return the operators from the verify tensors to the graph outputs, in graph order.

    Constants of the model that they read are listed as Constant nodes before them.
    """
    reasons: list[str] = []
    wanted = [value.name for value in graph.outputs]
    taken: set[int] = set()
    constants: dict[str, None] = {}
    seen, softmaxes = set(verify), find_softmaxes(graph)
    while wanted:
        name = wanted.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        if name in graph.weights:
            constants[name] = None
        elif name not in graph.row_by_name:
            reasons.append(f"The outputs need the model's input {name[:80]!r} itself.")
        else:
            operator = graph.rows[graph.row_of(name)].operator
            if name in softmaxes:
                taken.add(operator.index)
                wanted.append(softmaxes[name].source)
                continue
            fault = _fault(graph, operator)
            if fault:
                reasons.append(fault)
                continue
            taken.add(operator.index)
            wanted.extend(operator.inputs)
    if reasons:
        return NoTail(tuple(dict.fromkeys(reasons)))
    return _nodes(graph, sorted(taken), sorted(constants), set(verify))


def _fault(graph: Graph, operator: Operator) -> str:
    name = operator.describe()
    if operator.op_type not in TAIL_OPERATORS:
        return f"{name} lies after the verify tensors and is no operator that a client computes."
    if rule_of(operator, graph.opset) is None:
        return f"{name} lies after the verify tensors and has no rule."
    return ""


def _nodes(
    graph: Graph, taken: list[int], constants: list[str], verify: set[str]
) -> list[TailNode] | NoTail:
    if len(taken) + len(constants) > MAX_TAIL:
        return NoTail((f"The tail has more than {MAX_TAIL} operators.",))
    nodes: list[TailNode] = []
    for name in constants:
        weight = graph.weights[name]
        size = 1
        for dim in weight.shape:
            size *= dim
        if size > MAX_CONSTANT_ELEMENTS:
            return NoTail((f"The weight {name[:80]!r} is too large for a tail.",))
        nodes.append(constant_node(name, weight.load()))
    softmaxes = find_softmaxes(graph)
    try:
        nodes.extend(_node(graph, softmaxes, graph.operators[index], verify) for index in taken)
    except (NeurovoyanceError, ValueError) as error:
        return NoTail((f"The tail cannot be written down: {error}",))
    return nodes


def _node(
    graph: Graph, softmaxes: Mapping[str, WrittenSoftmax], operator: Operator, verify: set[str]
) -> TailNode:
    softmax = softmaxes.get(operator.outputs[0])
    if softmax is not None:
        return TailNode(
            op="Softmax",
            inputs=[softmax.source],
            outputs=[softmax.output],
            attributes={"axis": str(softmax.axis)},
        )
    if operator.op_type == "Constant":
        return constant_node(operator.outputs[0], evaluate(operator, [], graph.opset)[0].value)
    return tail_node(operator, verify)


def candidate_verify_tensors(graph: Graph) -> list[Proposal]:
    """Return what to certify, best first: tensors before squashing, then with features too.

    Proposals whose outputs a client could not compute are left out; a model whose every proposal
    fails gives an empty list.
    """
    fronts = [_front(graph, value.name) for value in graph.outputs]
    names = tuple(dict.fromkeys(name for name, _ in fronts))
    squashed = sorted({how for _, how in fronts if how})
    reason = (
        f"These are the tensors before {' and '.join(squashed)}, where cheats still show."
        if squashed
        else "These are the model's outputs; nothing squashes them."
    )
    found = [Proposal(Candidate(names), reason)]
    features = list(names)
    for level in range(FEATURE_LEVELS):
        features = list(dict.fromkeys(one for name in features for one in _feature(graph, name)))
        features = [name for name in features if name not in names]
        if not features or len(names) + len(features) > MAX_VERIFY:
            break
        depth = "" if level == 0 else f", {level + 1} layers back,"
        reason = f"The feature tensors before them{depth} show cheats that few logits hide."
        found.append(Proposal(Candidate((*names, *features)), reason))
    outputs = tuple(dict.fromkeys(value.name for value in graph.outputs))
    if outputs != names and all(name in graph.row_by_name for name in outputs):
        reason = "These are the outputs themselves; the operator before them hides differences."
        found.append(Proposal(Candidate(outputs, squashed[0] if squashed else ""), reason))
    return [one for one in found if isinstance(split_tail(graph, one.candidate.names), list)]


def _front(graph: Graph, name: str) -> tuple[str, str]:
    """Walk back from an output over a tail's operators; return where the squashing starts.

    The values still needed are followed together, the latest first; a softmax that is
    written out counts as one. Wherever a single value is left, everything behind follows
    from it. Without squashing, the output itself is returned and "".
    """
    best, how = name, ""
    is_pending = False
    needed, softmaxes = {name}, find_softmaxes(graph)
    for _ in range(MAX_TAIL):
        if is_pending and len(needed) == 1:
            best, is_pending = next(iter(needed)), False
        latest = max(needed, key=lambda one: graph.row_by_name.get(one, -1))
        row = graph.row_by_name.get(latest)
        operator = None if row is None else graph.rows[row].operator
        if operator is None or operator.op_type not in TAIL_OPERATORS:
            break
        needed.remove(latest)
        if latest in softmaxes:
            is_pending, how = True, how or "Softmax"
            needed.add(softmaxes[latest].source)
            continue
        if operator.op_type in SQUASHING:
            is_pending, how = True, how or operator.op_type
        needed.update(one for one in operator.inputs if one and one not in graph.weights)
        if not needed:
            break
    return (best, how) if best != name else (name, "")


def _feature(graph: Graph, name: str) -> list[str]:
    """Return the input of the nearest mixing operator (product, convolution) before a value."""
    wanted, seen = [name], {name}
    while wanted:
        at = wanted.pop(0)
        row = graph.row_by_name.get(at)
        if row is None:
            continue
        operator = graph.rows[row].operator
        data = [one for one in operator.inputs if one in graph.row_by_name]
        if operator.op_type in _MIXING:
            # The first one reads the model's input, which nobody compares; what it gives is left.
            return data[:1] or [one for one in operator.outputs[:1] if one and one != name]
        fresh = [one for one in data if one not in seen]
        seen.update(fresh)
        wanted.extend(fresh)
    return []
