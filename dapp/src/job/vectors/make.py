"""Writes what the Python twins say, for the tests beside: lifecycle, escrows, manifests, tails.

Place: run once after a twin changed: ``.venv/bin/python dapp/src/job/vectors/make.py``. The output
is the same every time. Beside them lies
``settled.json``, a job that a Python client and a provider settled on a devnet: its events as the
index tells them, its signed receipt, its envelope, the input of the transaction that revealed.
Never: read by the dapp itself.
"""

# ruff: noqa: S311 - vectors have to be the same every time
from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from eth_account import Account
from safetensors.numpy import save

from neurovoyance.ipfs.private_input import input_context
from neurovoyance.protocol import lifecycle, privacy
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.certificate import TailNode
from neurovoyance.protocol.errors import ContractRevert, NeurovoyanceError
from neurovoyance.protocol.ids import hex_of, parse_address
from neurovoyance.protocol.units import format_nvy
from neurovoyance.tokenomics import audits
from neurovoyance.verification.tail import TAIL_OPERATORS, evaluate_tail
from neurovoyance.verification.tolerance import Comparison

HERE = Path(__file__).parent


def _lines(value: Any) -> str:
    """Return JSON with an entry of the outer two levels a line, so that changes can be read."""
    if isinstance(value, list):
        return "[\n" + ",\n".join(json.dumps(one, sort_keys=True) for one in value) + "\n]"
    parts = []
    for name, one in sorted(value.items()):
        long = isinstance(one, list) and len(one) > 1
        parts.append(f"{json.dumps(name)}: {_lines(one) if long else json.dumps(one)}")
    return "{\n" + ",\n".join(parts) + "\n}"


def write(name: str, value: Any) -> None:
    """Write one file of vectors."""
    text = _lines(value)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def lifecycle_table() -> dict[str, Any]:
    """Return the states of a job and what leads from one to another."""
    return {
        "states": [state.label for state in lifecycle.JobState],
        "warm": sorted(state.label for state in lifecycle.WARM),
        "final": sorted(state.label for state in lifecycle.FINAL),
        "refunded": sorted(state.label for state in lifecycle.REFUNDED),
        "after_deadline": {a.label: b.label for a, b in lifecycle.AFTER_DEADLINE.items()},
        "transitions": sorted(
            [state.label, event.value, after.label]
            for (state, event), after in lifecycle.TRANSITIONS.items()
        ),
    }


def money() -> dict[str, Any]:
    """Return escrows of random jobs, and amounts as the client writes them."""
    draw = random.Random(1)
    cases = []
    for _ in range(60):
        price, lock = draw.randrange(1, 10 ** draw.randrange(2, 24)), 0
        lock = price * draw.randrange(5, 30)
        job = {
            "price_wei": price,
            "lock_wei": lock,
            "declared_gain_wei": draw.choice([0, price, lock * draw.randrange(1, 4)]),
            "slots": draw.choice([1, 2, 8]),
            "passes": draw.choice([0, 9, 10, 200]),
        }
        case: dict[str, Any] = {name: str(value) for name, value in job.items()}
        pool = draw.choice([0, price * 20, price * 1_000])
        try:
            terms = audits.terms_of(
                price_wei=price,
                lock_wei=lock,
                declared_gain_wei=job["declared_gain_wei"],
                slots=job["slots"],
                passes=job["passes"],
            )
        except ContractRevert as error:
            cases.append(case | {"refused": str(error.context["error"])})
            continue
        held = audits.held_of(price, job["slots"], terms, pool)
        cases.append(
            case
            | {
                "pool_wei": str(pool),
                "p_econ_bps": str(terms.p_econ_bps),
                "p_bps": str(terms.p_bps),
                "surcharge_wei": str(audits.surcharge_of(price, terms)),
                "premium_wei": str(audits.premium_of(price, job["slots"], terms)),
                "held_wei": str(held.held_wei),
                "is_whole": held.is_whole,
                "pay_wei": str(audits.pay_of(price)),
            }
        )
    amounts = [draw.randrange(10 ** draw.randrange(1, 30)) for _ in range(40)]
    shown = [[str(wei), format_nvy(wei)] for wei in amounts]
    return {"escrows": cases, "amounts": shown}


def floats() -> list[list[Any]]:
    """Return numbers with the binary16 and bfloat16 words that numpy rounds them to."""
    draw = random.Random(2)
    values = [0.0, -0.0, 1.0, 65519.9, 65520.0, -1e9, 2.0**-24, 2.0**-25, 2.0**-25 * 1.0001]
    values += [2.0**-14, 2.0**-14 * (1 - 2.0**-12), 1 + 2.0**-8 + 2.0**-30, 1 + 2.0**-11]
    values += [1 + 3 * 2.0**-11, 3.4e38, 1e39, 2.0**-133, 2.0**-134]
    values += [draw.uniform(-2, 2) * 2.0 ** draw.randrange(-30, 20) for _ in range(60)]
    found = []
    for value in values:
        wide = np.array([value])
        half = wide.astype(np.float16).view(np.uint16)[0]
        brain = wide.astype(ml_dtypes.bfloat16).view(np.uint16)[0]
        found.append([repr(value), int(half), int(brain)])
    return found


def safetensors_file() -> dict[str, Any]:
    """Return a file of the safetensors library with one tensor of every dtype and odd names."""
    names = ["10", "9", "b", "a", 'é"\n\u0001', "𝄞", "～", "empty"]
    kinds = ["float32", "int64", "int32", "uint8", "bool", "float16", "float32", "float32"]
    shapes = [[2], [1, 2], [2, 1], [3], [1], [2], [], [0, 3]]
    tensors, arrays = [], {}
    for name, kind, shape in [*zip(names, kinds, shapes, strict=True), ("bf", "bfloat16", [2])]:
        values = [float(at + 1) for at in range(int(np.prod(shape)))]
        dtype = np.dtype(getattr(ml_dtypes, kind, kind))
        arrays[name] = np.array(values).astype(dtype).reshape(shape)
        tensors.append([name, kind, shape, values])
    return {"file": save(arrays).hex(), "tensors": tensors}


def private() -> dict[str, Any]:
    """Return contexts of sealed keys, and a node's key that its operator signed."""
    account = Account.from_key(b"\x07" * 32)
    key, spec_hash = bytes(range(32)), bytes(range(100, 132))
    market = parse_address("0x" + "ab" * 20)
    client, provider = parse_address("0x" + "c1" * 20), parse_address("0x" + "d1" * 20)
    signed = privacy.sign_node_key(account, key, provider=provider, chain_id=31337, market=market)
    return {
        "key": hex_of(key),
        "spec_hash": hex_of(spec_hash),
        "client": client,
        "provider": provider,
        "market": market,
        "chain_id": 31337,
        "signer": account.address,
        "signature": hex_of(signed.signature),
        "input_context": hex_of(input_context(key)),
        "offer_context": hex_of(privacy.offer_context(spec_hash, client, provider)),
        "drawn_context": hex_of(privacy.drawn_context(spec_hash, client)),
        "result_context": hex_of(privacy.result_context(spec_hash)),
    }


def _text(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, list) else str(value)


def _packed(array: Any) -> list[Any]:
    return [array.dtype.name, list(array.shape), array.tobytes().hex()]


class _Tails:
    """Tails of one or more nodes over inputs ``a``, ``b``, ``c``, with what they give."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.rng = np.random.default_rng(5)

    def floats(self, *shape: int, kind: str = "float32") -> Any:
        values = self.rng.normal(0, 2, shape)
        return values.astype(getattr(ml_dtypes, kind, kind))

    def add(
        self, nodes: list[TailNode], inputs: list[Any], outputs: list[str], opset: int = 17
    ) -> None:
        verify = dict(zip("abc", inputs, strict=False))
        case: dict[str, Any] = {
            "tail": [node.model_dump(mode="json") for node in nodes],
            "verify": {name: _packed(array) for name, array in verify.items()},
            "outputs": outputs,
            "opset": opset,
        }
        try:
            found = evaluate_tail(nodes, verify, outputs, opset)
            case["found"] = [_packed(found[name]) for name in outputs]
        except NeurovoyanceError as error:
            case["refused"] = error.code
        self.cases.append(case)

    def one(self, op: str, *inputs: Any, opset: int = 17, outs: int = 1, **named: Any) -> None:
        """Add one operator; integer lists among the inputs become int64 tensors."""
        arrays = [np.array(x, np.int64) if isinstance(x, list | int) else x for x in inputs]
        names = [f"y{at}" for at in range(outs)]
        given = ["" if x is None else "abc"[at] for at, x in enumerate(arrays)]
        nodes, present = [], []
        for name, array in zip(given, arrays, strict=True):
            if name:
                present.append((name, array))
        nodes = [_node(op, given, names, named)]
        verify = dict(present)
        letters = [verify.get(letter, np.zeros(1, np.float32)) for letter in "abc"]
        self.add(nodes, letters, names, opset)


def _node(op: str, given: list[str], names: list[str], named: dict[str, Any]) -> TailNode:
    attributes = {name: _text(value) for name, value in named.items()}
    return TailNode(op=op, inputs=given, outputs=names, attributes=attributes)


def tails() -> list[dict[str, Any]]:
    """Return every operator that a tail may hold, with what the Python client computes."""
    t = _Tails()
    f = t.floats
    special = np.array([0.0, -0.0, 0.5, 1.5, -2.5, np.inf, -np.inf, np.nan], np.float32)
    whole = np.array([[5, -7, 2147483647], [-3, 2, -2147483647]], np.int32)
    small = np.array([200, 100, 3], np.uint8)
    flags = np.array([True, False, True])
    for op in ("Abs", "Ceil", "Floor", "Neg", "Relu", "Round", "Sign", "Exp", "Sigmoid", "Tanh"):
        t.one(op, f(3, 4))
        t.one(op, special)
        t.one(op, f(5, kind="float16"))
        t.one(op, f(5, kind="bfloat16"))
    for op in ("Sqrt", "Log"):
        t.one(op, np.abs(f(3, 4)))
    for op in ("Abs", "Neg", "Relu", "Sign"):
        t.one(op, whole[:, :2])
    t.one("Softplus", f(3, 4))
    t.one("Not", flags)
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Equal", "Greater", "GreaterOrEqual"):
        t.one(op, f(3, 4), f(4))
        t.one(op, special, special[::-1].copy())
        t.one(op, f(2, 1, 3, kind="float16"), f(4, 1, kind="float16"))
        t.one(op, f(3, kind="bfloat16"), f(3, kind="bfloat16"))
        t.one(op, whole, np.array([3, -2, 2], np.int32))
        t.one(op, small, small[::-1].copy())
        t.one(op, [[1, 2], [3, 4]], [5, -6])
        t.one(op, f(3), f(4))
        if op not in ("Max", "Min"):  # ONNX has none of two dtypes either
            t.one(op, f(3), small)
    for op in ("Less", "LessOrEqual"):
        t.one(op, f(3, 4), f(4))
    for op in ("And", "Or"):
        t.one(op, flags, np.array([True]))
    t.one("Div", whole, np.array([0, 1, 1], np.int32))
    t.one("Pow", np.abs(f(3, 4)), f(4))
    t.one("Pow", special, np.array([2.0], np.float32))
    t.one("Pow", np.array([1, -1, 2], np.float32), np.array([np.nan, np.inf, 3], np.float32))
    t.one("Max", f(3), f(2, 1), f(1, 3))
    low, high = np.array(-1, np.float32), np.array([1], np.float32)
    t.one("Clip", f(3, 4), low, high)
    t.one("Clip", f(3, 4), None, high)
    t.one("Clip", f(3, 4), opset=10, min=-0.3, max=0.7)
    t.one("HardSigmoid", f(3, 4), alpha=0.3)
    for code in (1, 2, 6, 7, 9, 10, 16):
        t.one("Cast", f(3, 4), to=code)
        t.one("Cast", special, to=code)
        t.one("Cast", whole, to=code)
    t.one("Cast", np.array([3e9, -3e9, 300, -1], np.float32), to=6)
    t.one("Cast", np.array([3e9, -3e9, 300, -1], np.float32), to=2)
    t.one("Cast", f(3), to=8)
    t.one("Where", flags, f(2, 3), f(3))
    for op in ("Softmax", "LogSoftmax"):
        for opset in (11, 17):
            t.one(op, f(2, 3, 4), opset=opset)
            t.one(op, f(2, 3, 4), opset=opset, axis=0)
        t.one(op, f(3, 5, kind="float16"), axis=1)
        t.one(op, f(3, 5), axis=3)
    for op, since in (("ReduceSum", 13), ("ReduceMean", 18), ("ReduceL2", 18), ("ReduceMax", 18)):
        t.one(op, f(2, 3, 4), opset=since, axes=[1])
        t.one(op, f(2, 3, 4), [0, -1], opset=since, keepdims=0)
        t.one(op, f(2, 3, 4), opset=since - 1, axes=[-2], keepdims=0)
        t.one(op, f(2, 3, 4), opset=since)
        t.one(op, f(2, 3, 4), opset=since, noop_with_empty_axes=1)
        t.one(op, whole, opset=since - 1, axes=[0])
        t.one(op, f(2, 3), [5], opset=since)
        t.one(op, f(2, 3), [0, 0], opset=since)
    t.one("ReduceMin", f(2, 3, 4), axes=[2])
    t.one("ReduceMin", special)
    ties = np.array([[1, 3, 3, 0], [2, 2, 2, 2]], np.float32)
    for op in ("ArgMax", "ArgMin"):
        t.one(op, ties, axis=1)
        t.one(op, ties, axis=1, select_last_index=1, keepdims=0)
        t.one(op, ties)
        t.one(op, whole, axis=-1)
        t.one(op, special)
        t.one(op, ties, axis=2)
    t.one("TopK", f(2, 7), [3], outs=2)
    t.one("TopK", ties, [3], outs=2, largest=0)
    t.one("TopK", f(5, 2), [2], outs=2, axis=0)
    t.one("TopK", f(2, 7), [8], outs=2)
    t.one("TopK", f(2, 7), [3], outs=2, sorted=0)
    t.one("TopK", f(2, 7), opset=9, outs=2, k=2)
    t.one("Reshape", f(2, 3, 4), [0, -1])
    t.one("Reshape", f(2, 3, 4), [6, 5])
    t.one("Reshape", np.zeros((0, 3), np.float32), [3, 0], allowzero=1)
    t.one("Flatten", f(2, 3, 4), axis=2)
    t.one("Flatten", f(2, 3, 4), axis=-1)
    t.one("Transpose", f(2, 3, 4))
    t.one("Transpose", f(2, 3, 4), perm=[1, 2, 0])
    t.one("Transpose", f(2, 3, 4), perm=[1, 1, 0])
    t.one("Concat", f(2, 3), f(2, 1), f(2, 2), axis=-1)
    t.one("Concat", f(2, 3), f(3, 3), axis=1)
    t.one("Split", f(2, 7), axis=1, outs=3)
    t.one("Split", f(2, 7), [2, 5], axis=1, outs=2)
    t.one("Split", f(2, 7), opset=11, axis=1, outs=2, split=[1, 6])
    t.one("Split", f(2, 7), [2, 4], axis=1, outs=2)
    t.one("Squeeze", f(2, 1, 3, 1))
    t.one("Squeeze", f(2, 1, 3, 1), [-1])
    t.one("Squeeze", f(2, 1, 3, 1), [0])
    t.one("Squeeze", f(2, 1), opset=11, axes=[1])
    t.one("Unsqueeze", f(2, 3), [0, -1])
    t.one("Unsqueeze", f(2, 3), opset=11, axes=[1])
    t.one("Unsqueeze", f(2, 3), [1, 1])
    t.one("Expand", f(2, 1, 3), [2, 4, 1])
    t.one("Expand", f(3), [2])
    t.one("Tile", f(2, 3), [2, 2])
    t.one("Tile", f(2, 3), [2])
    t.one("Shape", f(2, 3, 4), start=1)
    t.one("Shape", f(2, 3, 4), start=-2, end=-1)
    t.one("Shape", f(2, 3, 4), opset=13)
    t.one("ConstantOfShape", [2, 3])
    t.one("ConstantOfShape", [2, 3], value=["int64", 7])
    t.one("Identity", f(2))
    t.one("Dropout", f(2, 3), outs=2)
    t.one("Gather", f(4, 3), [[0, -1], [2, 2]], axis=0)
    t.one("Gather", f(4, 3), 1, axis=1)
    t.one("Gather", f(4, 3), [4], axis=0)
    t.one("GatherElements", f(3, 3), [[0, -1, 1]], axis=0)
    t.one("GatherElements", f(3, 3), [[0, -1], [2, 2]], axis=1)
    t.one("Slice", f(4, 9), [1], [7])
    t.one("Slice", f(4, 9), [-1, 0], [-5, 99])
    t.one("Slice", f(4, 9), opset=9, starts=[1, 8], ends=[3, 2], axes=[0, 1])
    chain = [
        _node("Constant", [], ["s"], {"dtype": "int64", "shape": ["1"], "values": ["8"]}),
        _node("Constant", [], ["e"], {"dtype": "int64", "shape": ["1"], "values": ["-99"]}),
        _node("Constant", [], ["x"], {"dtype": "int64", "shape": ["1"], "values": ["1"]}),
        _node("Constant", [], ["p"], {"dtype": "int64", "shape": ["1"], "values": ["-3"]}),
        _node("Slice", ["a", "s", "e", "x", "p"], ["y"], {}),
    ]
    t.add(chain, [f(2, 9)], ["y"])
    end = {"dtype": "int64", "shape": ["1"], "values": [str(2**63 - 1)]}
    chain[1] = _node("Constant", [], ["e"], end)
    chain[3] = _node("Constant", [], ["p"], {"dtype": "int64", "shape": ["1"], "values": ["2"]})
    t.add(chain, [f(2, 9)], ["y"])
    scale = {"dtype": "float32", "shape": [], "values": ["0.1"]}
    head = [
        _node("Constant", [], ["k"], scale),
        _node("Mul", ["a", "k"], ["m"], {}),
        _node("Softmax", ["m"], ["p"], {"axis": 1}),
        _node("ArgMax", ["p"], ["label"], {"axis": 1, "keepdims": 0}),
    ]
    t.add(head, [f(4, 10)], ["p", "label"])
    t.add(head, [f(4, 10)], ["p", "lost"])
    t.add([head[1]], [f(4, 10)], ["m"])
    t.add([head[0], head[0]], [f(1)], ["k"])
    t.add([_node("Gemm", ["a"], ["y"], {})], [f(1)], ["y"])
    t.add([_node("Relu", ["a"], ["y"], {"alpha": ["1"]})], [f(1)], ["y"])
    t.add([_node("Relu", ["a"], ["y"], {"strange": "1"})], [f(1)], ["y"])
    t.add([_node("Relu", ["a"], ["y"], {})], [f(1)], ["y"], opset=22)
    return t.cases


def distances() -> list[list[str]]:
    """Return distances, norms and tolerances with the text that people read."""
    draw = random.Random(3)
    found = []
    for _ in range(40):
        d, n = draw.randrange(10 ** draw.randrange(1, 20)), draw.randrange(2**58)
        tau_sq = draw.choice([0, 184467, 3_000_000_001, 7_378_697_629, 1_844_674_407_370_955])
        text = Comparison(Outcome.PASS, d, n, tau_sq, 0).in_tau()
        found.append([str(d), str(n), str(tau_sq), text])
    return found


if __name__ == "__main__":
    write("distances", distances())
    write("tails", tails())
    write("privacy", private())
    write("floats", floats())
    write("safetensors", safetensors_file())
    write("lifecycle", lifecycle_table())
    write("tail_operators", sorted(TAIL_OPERATORS))
    write("money", money())
