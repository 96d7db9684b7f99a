"""Writes manifests, ONNX files and inputs with what the Python client makes of them.

Place: run once after a twin changed: ``.venv/bin/python dapp/src/job/vectors/make_models.py``. The
output is the same every time. Never: read by the dapp itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from neurovoyance.client.onnx_header import parse_onnx_header
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.certificate import (
    Certificate,
    Measurement,
    TailNode,
    Terms,
    VerifyTensor,
    pool_of,
    pool_of_numeric_class,
    tau_sq_of,
    verify_rows_hash,
)
from neurovoyance.protocol.errors import NeurovoyanceError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec

HERE = Path(__file__).parent
DIMS: list[str | int | None] = ["batch", 3]


def certified() -> ModelManifest:
    """Return a manifest with a certificate, every member filled."""
    certificate = Certificate(
        verify=[
            VerifyTensor(
                name="logits", dtype="float32", shape=["batch", "10"], exponent=["-3"], row="4"
            ),
            VerifyTensor(name="kept", dtype="int64", shape=["1"], exponent=["0"], row="310"),
        ],
        tail=[
            TailNode(op="Softmax", inputs=["logits"], outputs=["p"], attributes={"axis": "1"}),
            TailNode(op="Reshape", inputs=["p", "kept"], outputs=["y"], attributes={}),
        ],
        tau="2.5e-5",
        reference="onnxruntime 1.31 é",
        honest_max=[Measurement(name="x86", value="1.2e-6")],
        cheat_min=[Measurement(name="int8", value="3.4e-3")],
        inputs_cid="bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
        inputs_count="8",
    )
    terms = Terms(
        tau_sq_of("2.5e-5"),
        pool_of("cpu"),
        pool_of_numeric_class(bytes(range(32))),
        311,
        verify_rows_hash(certificate.verify_rows()),
    )
    return ModelManifest(
        terms=terms.encode(),
        name="classifier",
        model_cid="bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
        size_bytes="12",
        job_class="TENSOR",
        opset="17",
        inputs=[TensorSpec(name="x", dtype="float32", shape=["batch", "3"])],
        tensors=[TensorSpec(name="y", dtype="float32", shape=["batch", "10"])],
        certificate=certificate,
    )


def manifests() -> dict[str, Any]:
    """Return a certified manifest, and tolerances with their squares."""
    manifest = certified()
    taus = ["0e0", "1e-7", "1e-2", "2.5e-5", "3.3333333333333333e-4", "9.99e-3", "1.1e-6"]
    refused = ["9e-8", "1.1e-2", "1e0"]
    return {
        "raw": manifest.canonical_bytes().decode(),
        "model_id": hex_of(manifest.model_id()),
        "taus": [[tau, str(tau_sq_of(tau))] for tau in taus],
        "refused_taus": refused,
    }


def _model(inputs: list[Any], outputs: list[Any], **named: Any) -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Identity", [inputs[0].name], [outputs[0].name])],
        "g",
        inputs,
        outputs,
        named.get("weights", []),
    )
    opsets = named.get("opsets", [helper.make_opsetid("", 17)])
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 8
    return bytes(model.SerializeToString())


def _value(name: str, kind: int = TensorProto.FLOAT, dims: Any = None) -> Any:
    return helper.make_tensor_value_info(name, kind, DIMS if dims is None else dims)


def onnx_files() -> list[dict[str, Any]]:
    """Return small ONNX files with their headers, or the sentence of their refusal."""
    weight = numpy_helper.from_array(np.ones((3, 300), np.float32), "w")
    outside = onnx.TensorProto(name="far", data_type=1, dims=[4], data_location="EXTERNAL")
    outside.external_data.add(key="location", value="far.bin")
    kinds = (1, 2, 6, 7, 9, 10, 16)
    plain = _model([_value("x")], [_value("y")], weights=[weight])
    files = [
        plain,
        _model([_value("x"), _value("w")], [_value("y")], weights=[weight, outside]),
        _model([_value(f"i{k}", k, [k, "é", None]) for k in kinds], [_value("y")]),
        _model([_value("x", 11)], [_value("y")]),
        _model([_value("w")], [_value("y")], weights=[weight]),
        _model([_value("x")], [_value("y")], opsets=[]),
        _model([_value("x")], [_value("y")], opsets=[helper.make_opsetid("other", 1)]),
        plain[:-3],
        plain + plain,
        b"hello world, this is no model",
        b"",
    ]
    found = []
    for raw in files:
        case: dict[str, Any] = {"file": raw.hex()}
        try:
            header = parse_onnx_header(raw) if raw else None
        except NeurovoyanceError as error:
            case["refused"] = error.message
        if raw and "refused" not in case and header is not None:
            case["opset"], case["ir_version"] = header.opset, header.ir_version
            case["inputs"] = [one.model_dump(mode="json") for one in header.inputs]
            case["outputs"] = [one.model_dump(mode="json") for one in header.outputs]
            case["external"] = list(header.external_files)
            manifest = ModelManifest(
                name="tiny",
                model_cid=str(Cid.of(raw)),
                size_bytes=str(len(raw)),
                opset=str(header.opset),
                inputs=list(header.inputs),
                tensors=list(header.outputs),
            )
            case["model_id"] = hex_of(manifest.model_id())
        found.append(case)
    return found


if __name__ == "__main__":
    for name, value in (("manifests", manifests()), ("onnx", onnx_files())):
        (HERE / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
