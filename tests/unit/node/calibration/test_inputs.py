"""Inputs are drawn by a seed, checked against the model, and changed in one element by a cheat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from neurovoyance.node.calibration.inputs import (
    change_one_element,
    check_inputs,
    draw_from,
    make_inputs,
)
from neurovoyance.protocol.errors import InputMismatch, SpecError
from neurovoyance.protocol.manifest import TensorSpec

SEED = bytes(32)
X = TensorSpec(name="x", dtype="float32", shape=["n", "3"])


def write(folder: Path, count: int) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        values = np.full((1, 3), number, np.float32)
        save_file({"x": values}, folder / f"{number:04}.safetensors")
    return sorted(folder.iterdir())


def test_a_hundred_of_two_hundred_are_drawn_and_the_seed_decides(tmp_path: Path) -> None:
    write(tmp_path, 200)
    first, again = draw_from(tmp_path, SEED), draw_from(tmp_path, SEED)
    assert first == again
    assert (first.candidates, len(first.paths)) == (200, 100)
    assert draw_from(tmp_path, bytes([1] * 32)).paths != first.paths


def test_too_few_or_equal_inputs_are_refused(tmp_path: Path) -> None:
    paths = write(tmp_path, 200)
    paths[7].write_bytes(paths[8].read_bytes())
    with pytest.raises(SpecError, match="199 different inputs, 1 equal ones left out; 200"):
        draw_from(tmp_path, SEED)
    few = draw_from(tmp_path, SEED, 5, allow_few=True)
    assert (few.candidates, len(few.paths), few.left_out) == (199, 5, (paths[8].name,))
    with pytest.raises(SpecError, match="There is no folder"):
        draw_from(tmp_path / "none", SEED)


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        ({"x": np.ones((1, 4), np.float32)}, r"shape \[1, 4\], not \[n, 3\]"),
        ({"x": np.ones((1, 3), np.int32)}, "is int32, not float32"),
        ({"z": np.ones(3, np.float32)}, "'z' is no input of the model; input 'x' is missing"),
    ],
)
def test_an_input_that_does_not_fit_is_named(
    tmp_path: Path, feed: dict[str, np.ndarray], why: str
) -> None:
    save_file(feed, tmp_path / "odd.safetensors")
    with pytest.raises(InputMismatch, match=why) as caught:
        check_inputs([tmp_path / "odd.safetensors"], [X])
    assert caught.value.message.startswith("odd.safetensors does not fit the model")


def test_one_element_changes_and_the_rest_stays(tmp_path: Path) -> None:
    paths = write(tmp_path / "given", 4)
    changed = change_one_element(paths, tmp_path / "changed", SEED)
    spread = float(np.std([0, 1, 2, 3]))
    for before, after in zip(paths, changed, strict=True):
        difference = load_file(after)["x"] - load_file(before)["x"]
        assert np.count_nonzero(difference) == 1
        assert difference.max() == pytest.approx(spread, rel=1e-6)
    again = change_one_element(paths, tmp_path / "again", SEED)
    assert [one.read_bytes() for one in changed] == [one.read_bytes() for one in again]


@pytest.mark.parametrize(
    ("values", "after"), [([3, 3], {2, 3}), ([0, 0], {0, 1}), ([False, False], {False, True})]
)
def test_integers_stay_within_what_was_seen(
    tmp_path: Path, values: list[int], after: set[int]
) -> None:
    save_file({"i": np.array(values)}, tmp_path / "a.safetensors")
    [path] = change_one_element([tmp_path / "a.safetensors"], tmp_path / "changed", SEED)
    assert set(load_file(path)["i"].tolist()) == after


def test_random_inputs_fit_the_model_and_its_tables(tmp_path: Path) -> None:
    ids = TensorSpec(name="ids", dtype="int64", shape=["n", "length"])
    make_inputs(tmp_path, [X, ids], {"ids": 7}, 3, SEED)
    paths = sorted(tmp_path.iterdir())
    check_inputs(paths, [X, ids])
    arrays = [load_file(path) for path in paths]
    assert arrays[0]["ids"].shape == (1, 16)
    assert max(int(one["ids"].max()) for one in arrays) < 7
    assert not np.array_equal(arrays[0]["x"], arrays[1]["x"])
