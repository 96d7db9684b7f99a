"""Envelopes that do not hold what was committed to are told from those that are not served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurovoyance.node.disputing.projections import BadEnvelope, NotServed, _require_root
from neurovoyance.verification.canonical import encode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)
ROOT = output_root([tensor_hash(ARRAY)])


def test_the_committed_output_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(encode_tensors([ARRAY]))
    _require_root(path, 1, ROOT)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"rubbish",
        encode_tensors([ARRAY, ARRAY]),
        encode_tensors([ARRAY + 1]),
        encode_tensors([np.full((2, 3), np.nan, np.float32)]),
        encode_tensors([ARRAY])[:-1],
    ],
)
def test_any_other_file_is_a_bad_envelope(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(raw)
    with pytest.raises(BadEnvelope):
        _require_root(path, 1, ROOT)


def test_what_is_not_served_may_be_served_later() -> None:
    assert NotServed("It is not served.", row=3).retryable
    assert not BadEnvelope("It is wrong.").retryable
