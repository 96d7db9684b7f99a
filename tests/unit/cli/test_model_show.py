"""``model show`` lists what was published, with inputs and outputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.node.content import publish_certified

from neurovoyance.cli.model_show import print_model
from neurovoyance.client.models import PublishedModel
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.ids import ModelId
from neurovoyance.protocol.manifest import parse_manifest

from .conftest import Invoke


def test_a_model_is_shown_with_inputs_and_outputs(invoke: Invoke) -> None:
    text = invoke("model", "show", "sum", text=True)
    assert "x  float32  [batch, 3]" in text
    assert "y  float32  [batch, 1]" in text
    names = [m["manifest"]["name"] for m in invoke("model", "show")["models"]]
    assert "sum" in names


def test_a_model_without_a_certificate_says_so(invoke: Invoke) -> None:
    text = " ".join(invoke("model", "show", "sum", text=True).split())
    assert "checked EXACT, opset 17" in text
    assert "certified no; audits need `neurovoyance model calibrate`" in text


async def test_a_certificate_is_shown_with_its_tolerance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with EmbeddedBackend(tmp_path) as storage:
        await publish_certified(storage)
        [model] = [
            PublishedModel(ModelId(cid.digest), parse_manifest(raw, cid.digest))
            for cid in [one.cid for one in await storage.pins()]
            if (raw := await storage.get_block(cid)).startswith(b'{"$terms"')
        ]
    print_model(model)
    text = " ".join(capsys.readouterr().out.split())
    assert "checked TENSOR, opset 17" in text
    assert "certified tau 1e-5, measured on 0 inputs" in text
    assert "compared r, y" in text


def test_an_unknown_model_is_a_clear_error(invoke: Invoke) -> None:
    assert invoke("model", "show", "nothing", code=1)["error"]["code"] == "storage.not_found"
