"""Canonical tensor bytes: vectors, round trips, and bytes that must be refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import (
    TENSOR_TYPES,
    Array,
    decode_header,
    decode_tensor,
    decode_tensors,
    encode_header,
    encode_tensor,
    encode_tensors,
    has_non_finite,
    tensor_type,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "canonical.json").read_text(encoding="utf-8")
)
KINDS = {kind.name: kind for kind in TENSOR_TYPES}

dtypes = st.sampled_from([kind.numpy_dtype() for kind in TENSOR_TYPES])


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    """Any bits of any dtype in any shape: NaN payloads and subnormals included."""
    dtype = draw(dtypes)
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    count = int(np.prod(shape, dtype=np.int64))
    raw = draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    if dtype == np.bool_:
        raw = bytes(byte & 1 for byte in raw)
    return np.frombuffer(raw, dtype=dtype).reshape(shape)


def vector_array(vector: dict[str, Any]) -> Array:
    raw = bytes.fromhex(vector["data"])
    dtype = KINDS[vector["dtype"]].numpy_dtype()
    return np.frombuffer(raw, dtype=dtype).reshape(vector["shape"])


@pytest.mark.parametrize("vector", VECTORS["tensors"], ids=lambda v: v["name"])
def test_a_vector_is_encoded_to_the_bytes_that_it_states(vector: dict[str, Any]) -> None:
    assert encode_tensor(vector_array(vector)).hex() == vector["canonical"]


@pytest.mark.parametrize("vector", VECTORS["tensors"], ids=lambda v: v["name"])
def test_a_vector_is_decoded_to_its_dtype_and_shape(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["canonical"])
    array, end = decode_tensor(data)
    assert end == len(data)
    assert tensor_type(array.dtype).name == vector["dtype"]
    assert list(array.shape) == vector["shape"]


@pytest.mark.parametrize("vector", VECTORS["rejected"], ids=lambda v: v["name"])
def test_bytes_that_no_encoder_writes_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        decode_tensor(bytes.fromhex(vector["bytes"]))


@given(arrays())
def test_decoding_and_encoding_again_gives_the_same_bytes(array: Array) -> None:
    data = encode_tensor(array)
    decoded, end = decode_tensor(data)
    assert end == len(data)
    assert decoded.shape == array.shape
    assert encode_tensor(decoded) == data


@given(arrays())
def test_every_bit_survives_unless_it_belongs_to_a_nan(array: Array) -> None:
    decoded, _ = decode_tensor(encode_tensor(array))
    with np.errstate(invalid="ignore"):  # bf16 signals on comparing a NaN
        is_nan = array != array  # the definition of NaN; holds for bf16 too
    kept = np.where(is_nan, np.zeros_like(array), array)
    assert np.where(is_nan, np.zeros_like(decoded), decoded).tobytes() == kept.tobytes()


@given(st.lists(arrays(), max_size=4))
def test_a_concatenation_is_decoded_in_order(some: list[Array]) -> None:
    data = encode_tensors(some)
    assert [encode_tensor(a) for a in decode_tensors(data)] == [encode_tensor(a) for a in some]


@given(arrays(), st.data())
def test_every_truncation_is_refused(array: Array, data: st.DataObject) -> None:
    encoded = encode_tensor(array)
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(SpecError):
        decode_tensor(encoded[:cut])


@given(arrays(), st.binary(min_size=1, max_size=6))
def test_bytes_left_over_after_a_concatenation_are_refused(array: Array, rest: bytes) -> None:
    with pytest.raises(SpecError):
        decode_tensors(encode_tensor(array) + rest)


@given(st.binary(max_size=80))
def test_random_bytes_are_decoded_canonically_or_refused(data: bytes) -> None:
    for candidate in (data, b"NVYT\x01" + data):
        try:
            array, end = decode_tensor(candidate)
        except SpecError:
            continue
        assert encode_tensor(array) == candidate[:end]


@given(st.integers(0, 255), st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_hostile_dimensions_allocate_nothing(code: int, dims: list[int]) -> None:
    data = b"NVYT\x01" + bytes((code, len(dims))) + struct.pack(f"<{len(dims)}Q", *dims)
    try:
        array, _ = decode_tensor(data)
    except SpecError:
        return
    assert array.size == 0


def test_byte_order_and_strides_of_the_array_do_not_matter() -> None:
    plain = np.arange(12, dtype="<f4").reshape(3, 4)
    assert encode_tensor(plain.astype(">f4")) == encode_tensor(plain)
    assert encode_tensor(np.asfortranarray(plain)) == encode_tensor(plain)
    assert encode_tensor(plain[:, ::-1][:, ::-1]) == encode_tensor(plain)
    assert encode_tensor(plain.T) == encode_tensor(plain.T.copy())


def test_encoding_leaves_the_array_as_it_was() -> None:
    array = np.array([0x7F800001, 0], dtype=np.uint32).view(np.float32)
    encode_tensor(array)
    assert array.view(np.uint32)[0] == 0x7F800001


def test_a_tensor_longer_than_one_piece_keeps_its_nans_canonical() -> None:
    words = np.full((1 << 18) + 3, 0x3F800000, dtype=np.uint32)
    words[-1] = 0xFFFFFFFF
    decoded, _ = decode_tensor(encode_tensor(words.view(np.float32)))
    assert decoded.view(np.uint32)[-1] == 0x7FC00000
    assert (decoded[:-1] == 1).all()


@pytest.mark.parametrize("dtype", ["f8", "i1", "u2", "i2", "u4", "u8", "c8", "O", "U3", "M8[s]"])
def test_other_dtypes_have_no_canonical_form(dtype: str) -> None:
    with pytest.raises(SpecError, match="no canonical form"):
        encode_tensor(np.zeros(1, dtype=dtype))


def test_a_decoded_array_cannot_be_written_through() -> None:
    array, _ = decode_tensor(bytearray(encode_tensor(np.zeros(2, dtype=np.int32))))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_a_header_is_read_without_its_data() -> None:
    header = decode_header(encode_header(KINDS["fp16"], (1000, 1000)))
    assert (header.shape, header.data_bytes, header.end) == ((1000, 1000), 2_000_000, 2_000_023)


@pytest.mark.parametrize("name", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize(
    ("value", "expected"), [("nan", True), ("inf", True), ("-inf", True), ("1e4", False)]
)
def test_non_finite_values_are_found_in_every_float_dtype(
    name: str, value: str, expected: bool
) -> None:
    array = np.zeros((3, 3), dtype=KINDS[name].numpy_dtype())
    array[2, 1] = float(value)
    assert has_non_finite(array) is expected


def test_integers_are_always_finite() -> None:
    assert not has_non_finite(np.array([-(2**31), -1], dtype=np.int32))
    assert not has_non_finite(np.array([True]))
