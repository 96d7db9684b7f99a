"""``model show`` lists what was published, with inputs and outputs."""

from __future__ import annotations

from .conftest import Invoke


def test_a_model_is_shown_with_inputs_and_outputs(invoke: Invoke) -> None:
    text = invoke("model", "show", "sum", text=True)
    assert "x  float32  [batch, 3]" in text
    assert "y  float32  [batch, 1]" in text
    names = [m["manifest"]["name"] for m in invoke("model", "show")["models"]]
    assert "sum" in names


def test_an_unknown_model_is_a_clear_error(invoke: Invoke) -> None:
    assert invoke("model", "show", "nothing", code=1)["error"]["code"] == "storage.not_found"
