"""Whatever is typed or dropped into the form is refused in a sentence beside its field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch, settle
from tests.e2e.dapp.world import World
from tests.unit.client.conftest import model_path

__all__ = ["model_path"]
Visitor = tuple[BrowserContext, Watch]
SCRIPT = "<script>window.broken = 1</script>"
FIVE_GIB = 5 << 30


@pytest.fixture
def tab(visitor: Visitor, world: World) -> Iterator[Tab]:
    context, watch = visitor
    page = context.new_page()
    page.goto(f"/jobs/new?model={world.names['model']}")
    settle(page)
    yield page
    assert page.evaluate("() => window.broken") is None
    assert watch.taken() == []


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of 5 GiB that takes no room on the disk."""
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(FIVE_GIB)
    return path


PRICE, RUNTIME, WINDOW = (
    "Maximum price, NVY",
    "Longest runtime, seconds",
    "Challenge window, minutes",
)
SLOTS, GAIN = "Auditors, if one is drawn", "Gain of a false result, NVY"
BAD = {
    PRICE: ("", "0", "-1", "1e3", "1.2.3", "0.0000000000000000001", "9" * 40, "NaN", SCRIPT),
    RUNTIME: ("", "0", "-5", "1.5", "14401", "9" * 30, "soon", SCRIPT),
    WINDOW: ("", "9", "1441", "half", SCRIPT),
    SLOTS: ("", "0", "9", "two", SCRIPT),
    GAIN: ("", "-1", "9" * 40, SCRIPT),
}


def test_bad_terms_are_refused_beside_their_field(tab: Tab) -> None:
    tab.get_by_text("More terms").click()
    for label, texts in BAD.items():
        field = tab.get_by_label(label)
        good = field.input_value()
        for text in texts:
            field.fill(text)
            expect(field, f"{label}: {text}").to_have_attribute("aria-invalid", "true")
            error = tab.locator(f"[id='{field.get_attribute('aria-describedby')}']")
            expect(error).to_have_attribute("role", "alert")
            assert error.inner_text().rstrip().endswith("."), "a full sentence"
        field.fill(good)
        expect(field).to_have_attribute("aria-invalid", "false")


@pytest.mark.parametrize("text", ["0x12", "model", SCRIPT, "0x" + "g" * 64, "0x" + "1" * 4_000])
def test_what_is_no_model_id_is_refused(tab: Tab, text: str) -> None:
    field = tab.get_by_role("textbox", name="Model id")
    field.fill(text)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(tab.get_by_text("A model id is 0x and 64 hexadecimal digits.")).to_be_visible()


def test_a_model_nobody_has_is_said_to_be_unknown(tab: Tab, visitor: Visitor) -> None:
    visitor[1].expected.append("/ipfs/")
    tab.get_by_role("textbox", name="Model id").fill("0x" + "ab" * 32)
    expect(tab.get_by_text("Inputs and outputs of this model are not known here")).to_be_visible()


def test_files_that_are_no_model_are_refused(
    tab: Tab, visitor: Visitor, large: Path, tmp_path: Path
) -> None:
    visitor[1].expected.append("/api/storage/model")
    upload = tab.get_by_label("Or upload an ONNX file")
    upload.set_input_files(large)
    expect(tab.get_by_text("large.onnx is 5.0 GiB; this service takes 1.0 GiB.")).to_be_visible()
    (tmp_path / "empty.onnx").touch()
    upload.set_input_files(tmp_path / "empty.onnx")
    expect(tab.get_by_text("empty.onnx is empty.")).to_be_visible()
    (tmp_path / "text.onnx").write_text(SCRIPT)
    upload.set_input_files(tmp_path / "text.onnx")
    error = tab.get_by_role("alert").filter(has_text="ONNX")
    expect(error).to_be_visible()


def test_any_file_is_taken_by_its_ends_and_short_ones_are_refused(
    tab: Tab, large: Path, tmp_path: Path
) -> None:
    upload = tab.get_by_label("Any file")
    (tmp_path / "short.txt").write_text("hi")
    upload.set_input_files(tmp_path / "short.txt")
    expect(tab.get_by_text("short.txt is too short")).to_be_visible()
    upload.set_input_files(large)
    expect(tab.get_by_text("uploaded")).to_be_visible()
    expect(tab.get_by_text("large.onnx", exact=True)).to_be_visible()


def test_tensors_are_judged_as_they_are_typed(
    tab: Tab, large: Path, model_path: Path, tmp_path: Path
) -> None:
    tab.get_by_label("Or upload an ONNX file").set_input_files(model_path)
    field = tab.get_by_role("textbox", name="x (float32")
    use = tab.get_by_role("button", name="Use this input")
    for text, said in (
        ("one, two", "This is not JSON."),
        ("[[1, 2], [3]]", "same length"),
        ("[[1, 2]]", "[batch, 3]"),
        ('[["<img src=x onerror=alert(1)>", 2, 3]]', "finite number"),
    ):
        field.fill(text)
        expect(tab.get_by_role("alert")).to_contain_text(said)
        expect(use).to_be_disabled()
    tensors = tab.get_by_label("Or a tensor file")
    for name, content, said in (
        ("input.txt", b"1 2 3", "is neither a .npy nor a .safetensors file."),
        ("input.npy", b"<script>", "npy"),
        ("input.safetensors", b"\xff" * 16, "safetensors"),
    ):
        field.fill("")
        tensors.set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
        expect(tab.get_by_role("alert")).to_contain_text(said)
    big = large.rename(tmp_path / "large.npy")
    tensors.set_input_files(big)
    expect(tab.get_by_text("large.npy is 5.0 GiB; this service takes 1.0 GiB.")).to_be_visible()
    field.fill("[[1, 2, 3]]")
    use.click()
    expect(tab.get_by_text("uploaded")).to_be_visible()


def test_form_and_json_stay_in_step_both_ways(tab: Tab) -> None:
    tab.get_by_role("button", name="Use a sample file").click()
    text = tab.get_by_label("Job spec")
    tab.get_by_text("More terms").click()
    tab.get_by_label(RUNTIME).fill("77")
    tab.get_by_label(GAIN).fill("1.5")
    expect(text).to_have_value(re.compile(r'"max_runtime_s": 77,'))
    expect(text).to_have_value(re.compile(r'"declared_gain_wei": "1500000000000000000"'))
    typed = json.loads(text.input_value())
    wanted = {"max_runtime_s": 99, "window_s": 1_200, "audit_slots": 3}
    text.fill(json.dumps({**typed, **wanted, "declared_gain_wei": "20000000000000000"}))
    for label, value in ((RUNTIME, "99"), (WINDOW, "20"), (SLOTS, "3"), (GAIN, "0.02")):
        expect(tab.get_by_label(label)).to_have_value(value)
    text.fill('{"max_runtime_s": ')
    expect(tab.get_by_text("This is not JSON yet.")).to_be_visible()
    text.fill(json.dumps({**typed, "window_s": 5}))
    expect(tab.get_by_role("alert")).to_contain_text("challenge window")
    expect(tab.get_by_label(WINDOW)).to_have_value("20")
    for field, value in (("window_s", 1_230), ("client_key", "0x" + "ab" * 32), ("batch", 77)):
        text.fill(json.dumps({**typed, field: value}))
        expect(tab.get_by_role("alert")).to_contain_text(f"{field} must")
    tab.get_by_label(RUNTIME).focus()
    expect(text).to_have_value(re.compile(r'"window_s": 1200,'))


def test_who_sees_what_is_said_where_it_is_uploaded(tab: Tab) -> None:
    expect(tab.get_by_label("Any file")).to_be_visible()
    privacy = tab.locator("section").filter(has=tab.get_by_role("heading", name="2. Input"))
    expect(privacy).to_contain_text("The provider that computes sees this input")
    expect(privacy).to_contain_text("public")
    expect(privacy.get_by_text("neurovoyance job submit --private")).to_be_visible()
    model = tab.get_by_label("Or upload an ONNX file")
    hint = tab.locator(f"[id='{model.get_attribute('aria-describedby')}']")
    expect(hint).to_contain_text("a model is public")
