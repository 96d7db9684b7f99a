"""What a file of tensors commits to, and what it answers to an audit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurovoyance.node.output_file import (
    Compared,
    answer_of_file,
    root_of_file,
    scaled,
    shift_of_file,
)
from neurovoyance.protocol.audit import exact_answer, unpack_ints
from neurovoyance.protocol.certificate import Certificate, VerifyTensor
from neurovoyance.protocol.errors import ExecutionError, NonFiniteOutput, SpecError
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.verification.canonical import encode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash
from neurovoyance.verification.projection import NoVector, ScaledTensor, choose_shift, project
from neurovoyance.verification.tolerance import range_fault

ARRAYS: list[np.ndarray] = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array([1, -2], dtype=np.int64),
]
SEED = bytes(range(32))
VECTOR = np.linspace(-1.0, 1.0, 1_024, dtype=np.float32).reshape(32, 32)


def certificate(*exponents: list[str]) -> Certificate:
    verify = [
        VerifyTensor(name=f"t{i}", dtype="float32", shape=["32", "32"], exponent=value, row="0")
        for i, value in enumerate(exponents)
    ]
    return Certificate(verify=verify, tau="1e-5", reference="ort")


TENSOR = Compared(JobClass.TENSOR, certificate(["12"]))
EXACT = Compared(JobClass.EXACT, certificate(["0"]))


def output(tmp_path: Path, arrays: list[np.ndarray] | None = None) -> Path:
    path = tmp_path / "output.nvyt"
    path.write_bytes(encode_tensors(ARRAYS if arrays is None else arrays))
    return path


def test_the_root_is_the_one_over_the_tensors(tmp_path: Path) -> None:
    expected = output_root([tensor_hash(array) for array in ARRAYS])
    assert root_of_file(output(tmp_path), 2) == expected


def test_another_number_of_tensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match="2 tensors"):
        root_of_file(output(tmp_path), 3)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match="empty"):
        root_of_file(output(tmp_path, []), 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_found_here_as_well(tmp_path: Path, bad: float) -> None:
    path = output(tmp_path, [np.array([1.0, bad], dtype=np.float32)])
    with pytest.raises(NonFiniteOutput):
        root_of_file(path, 1)


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "output.nvyt"
    path.write_bytes(b"x" * 100)
    with pytest.raises(SpecError):
        root_of_file(path, 1)


def test_the_shift_is_chosen_with_the_exponents_of_the_certificate(tmp_path: Path) -> None:
    expected = choose_shift([ScaledTensor(VECTOR, (12,))])
    assert shift_of_file(output(tmp_path, [VECTOR]), TENSOR) == expected
    other = Compared(JobClass.TENSOR, certificate(["14"]))
    assert shift_of_file(output(tmp_path, [VECTOR]), other) == int(str(expected)) - 2


def test_where_bytes_are_compared_nothing_is_shifted(tmp_path: Path) -> None:
    assert shift_of_file(output(tmp_path, [VECTOR]), EXACT) == 0
    assert shift_of_file(output(tmp_path, [VECTOR]), Compared(JobClass.TENSOR, None)) == 0


def test_an_output_too_large_to_be_audited_is_no_output(tmp_path: Path) -> None:
    path = output(tmp_path, [VECTOR * np.float32(1e30)])
    with pytest.raises(NonFiniteOutput, match="norm"):
        shift_of_file(path, TENSOR)
    assert isinstance(answer_of_file(path, TENSOR, seed=SEED, shift=0), NoVector)


def test_an_answer_is_the_projection_and_the_court_would_take_it(tmp_path: Path) -> None:
    path = output(tmp_path, [VECTOR])
    shift = shift_of_file(path, TENSOR)
    words = answer_of_file(path, TENSOR, seed=SEED, shift=shift)
    expected = project([ScaledTensor(VECTOR, (12,))], seed=SEED, shift=shift)
    assert not isinstance(expected, NoVector)
    assert not isinstance(words, NoVector)
    assert words == expected.words
    assert range_fault(unpack_ints(words), shift) is None


def test_an_exact_answer_binds_the_root_to_the_seed(tmp_path: Path) -> None:
    root = output_root([tensor_hash(VECTOR)])
    path = output(tmp_path, [VECTOR])
    assert answer_of_file(path, EXACT, seed=SEED, shift=0) == exact_answer(SEED, root)
    assert answer_of_file(path, EXACT, seed=bytes(32), shift=0) != exact_answer(SEED, root)


def test_tensors_and_certificate_have_to_agree_in_number() -> None:
    with pytest.raises(SpecError, match="1 tensors and the certificate names 2"):
        scaled([VECTOR], Compared(JobClass.TENSOR, certificate(["0"], ["0"])))
