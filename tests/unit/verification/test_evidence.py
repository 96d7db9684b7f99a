"""Claimed tensors are believed only with their hash."""

from __future__ import annotations

import blake3
import numpy as np
import pytest
from tests.unit.verification.disputes import SEED, load_weight, serve
from tests.unit.verification.models import cnn, feed_of

from neurovoyance.protocol.errors import SpecError, VerificationError
from neurovoyance.verification.canonical import encode_tensor
from neurovoyance.verification.commitment import tensor_hash
from neurovoyance.verification.evidence import KEPT, Claims, open_tensor

MODEL = cnn()
FEED = feed_of(MODEL)


def test_bytes_of_another_hash_or_form_are_nothing() -> None:
    array = np.arange(6, dtype=np.float32)
    data, digest = encode_tensor(array), tensor_hash(array)
    found = open_tensor(data, digest)
    assert found is not None and np.array_equal(found, array)
    assert open_tensor(None, digest) is None
    assert open_tensor(data + b"\0", digest) is None
    assert open_tensor(data, bytes(32)) is None
    junk = b"not a tensor"
    assert open_tensor(junk, blake3.blake3(junk).digest()) is None
    assert open_tensor(data * 2, blake3.blake3(data * 2).digest()) is None


def test_each_value_comes_from_who_answers_for_it() -> None:
    served = serve(MODEL, MODEL, FEED)
    claims = served.claims()
    weight = claims.tensor("w0")
    assert weight is not None and np.array_equal(weight, load_weight(MODEL, "w0"))
    assert claims.tensor("x") is FEED["x"] and served.asked == []
    logits = claims.tensor("logits")
    assert logits is not None and np.array_equal(logits, served.tensors["logits"])
    assert served.asked == [served.graph.row_of("logits")]
    with pytest.raises(SpecError):
        claims.tensor("nothing")


def test_few_tensors_are_kept_and_none_is_asked_twice_in_a_row() -> None:
    served = serve(MODEL, MODEL, FEED)
    claims = served.claims()
    for row in (0, 0, *range(1, KEPT + 1), KEPT, 0):
        claims.row_tensor(row)
    assert served.asked == [*range(KEPT + 1), 0]


def test_rows_of_another_number_are_refused() -> None:
    served = serve(MODEL, MODEL, FEED)
    short = Claims(served.graph, served.trace.rows[1:], served.fetch, FEED, SEED)
    with pytest.raises(VerificationError):
        short.need_rows(served.trace.rows)
