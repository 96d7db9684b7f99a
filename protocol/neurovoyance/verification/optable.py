"""The operator table: which operators can be judged, by what rule, and which models that admits.

Place: L2; read at registration, by challengers and by referees, and printed in
``docs/optable.md``. A certificate names the version, so that a rule can change without changing
old verdicts. Never: a rule itself (those are in ``operators``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from neurovoyance.verification.canonical import TENSOR_TYPES
from neurovoyance.verification.graph import Graph, Operator
from neurovoyance.verification.onnx_graph import dtype_of
from neurovoyance.verification.operators.judge import OPSET_MAX, OPSET_MIN, RULES, rule_of

OP_TABLE_VERSION: Final = "1"

_CANONICAL: Final = frozenset(
    {"float32", "float16", "bfloat16", "int32", "int64", "uint8", "bool", "unknown"}
)
_CONTROL_FLOW: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})

_HEAD: Final = """# Operator table, version {version}

Generated from `protocol/neurovoyance/verification/operators`; a test compares it with the code.
Opsets {low} to {high} of the default ONNX domain. y is the claimed output, y64 the operator in
binary64 on the claimed inputs, k the number of terms added up, u the unit roundoff of the output's
type (2^-24 for fp32, 2^-11 fp16, 2^-8 bf16). An output is right if every element is within the
bound; every bound but equality also allows the smallest normal number.

| Operator | From opset | Rule | Bound |
|---|---|---|---|
"""


def judgeable(op_type: str, opset: int) -> bool:
    """Tell whether an operator of the default ONNX domain has a rule in an opset."""
    return rule_of(Operator(0, op_type, (), ("y",)), opset) is not None


def unsupported(graph: Graph) -> list[str]:
    """Return why no trace of a model could be judged, a full sentence each; empty if one can.

    This looks at the graph alone. Settings of an operator that no rule covers (a cubic Resize,
    say) show when the operators of a real run are judged, which registration does as well.
    """
    found = list(graph.faults)
    if not OPSET_MIN <= graph.opset <= OPSET_MAX:
        found.append(
            f"The model uses opset {graph.opset}; rules exist for {OPSET_MIN} to {OPSET_MAX}."
        )
        return found
    for value in (*graph.inputs, *graph.outputs):
        if value.dtype not in _CANONICAL:
            found.append(f"The value {value.name!r} is {value.dtype}, which has no canonical form.")
        elif value.dtype == "unknown" and any(value is given for given in graph.inputs):
            found.append(f"The input {value.name!r} has a type that has no canonical form.")
    for operator in graph.operators:
        found.extend(_faults(graph, operator))
    return found


def _faults(graph: Graph, operator: Operator) -> Iterator[str]:
    name = operator.describe()
    if operator.has_subgraph or operator.op_type in _CONTROL_FLOW:
        yield f"{name} is control flow, which a trace by operators cannot show."
    elif operator.domain:
        yield f"{name} is of the domain {operator.domain[:80]!r}, for which no rule exists."
    elif rule_of(operator, graph.opset) is None:
        yield f"{name} has no rule in opset {graph.opset}."
    else:
        dtype = _odd_output(graph, operator)
        if dtype:
            yield f"{name} gives {dtype}, which has no canonical form."


def _odd_output(graph: Graph, operator: Operator) -> str:
    """Return the dtype of an output that has no canonical form, as far as the graph tells."""
    names = {kind.numpy_dtype().name for kind in TENSOR_TYPES}
    dtype = None
    if operator.op_type == "Cast":
        kind = dtype_of(operator.int_of("to", 0))
        dtype = "another type" if kind is None else kind.name
    elif operator.op_type in ("Constant", "ConstantOfShape"):
        value = operator.attributes.get("value")
        dtype = value.dtype.name if isinstance(value, np.ndarray) else None
    elif operator.op_type == "QuantizeLinear" and len(operator.inputs) > 2:
        weight = graph.weights.get(operator.inputs[2])
        dtype = None if weight is None else weight.dtype.name
    return dtype if dtype is not None and dtype not in names else ""


def table_text() -> str:
    """Return the table for people, in Markdown."""
    lines = [_HEAD.format(version=OP_TABLE_VERSION, low=OPSET_MIN, high=OPSET_MAX)]
    for name, rule in sorted(RULES.items()):
        bound = rule.bound.replace("|", "\\|")
        lines.append(f"| {name} | {max(rule.since, OPSET_MIN)} | {rule.kind} | {bound} |\n")
    return "".join(lines)
