"""The input of a canary is the same bits everywhere, and fits the model."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec
from neurovoyance.verification.canary_input import cid_of_seed, expand, seed_of_cid

SEED = bytes(range(32))


def manifest(*inputs: tuple[str, str, list[str]]) -> ModelManifest:
    specs = [TensorSpec(name=name, dtype=dtype, shape=shape) for name, dtype, shape in inputs]
    cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
    return ModelManifest(model_cid=cid, size_bytes="1", opset="17", inputs=specs, tensors=specs)


def test_a_seed_and_its_cid_name_each_other() -> None:
    cid = cid_of_seed(SEED)
    assert cid == bytes.fromhex("01550020") + SEED
    assert seed_of_cid(cid) == SEED
    for other in (cid[:-1], cid + b"\0", b"\1\x55\x12\x20" + SEED, b""):
        assert seed_of_cid(other) is None
    with pytest.raises(SpecError, match="32 bytes, not 31"):
        cid_of_seed(SEED[1:])


def test_shapes_follow_the_manifest_and_the_batch() -> None:
    model = manifest(
        ("ids", "int64", ["N", "length"]),
        ("mask", "bool", ["N", "length"]),
        ("pixels", "float32", ["N", "3", "8", "8"]),
        ("table", "uint8", ["length", "N"]),
        ("scale", "float16", []),
    )
    found = expand(model, SEED, 4)
    assert {name: array.shape for name, array in found.items()} == {
        "ids": (4, 4),  # "length" stands first in another input
        "mask": (4, 4),
        "pixels": (4, 3, 8, 8),
        "table": (4, 4),
        "scale": (),
    }
    assert all(found[spec.name].dtype.name == spec.dtype for spec in model.inputs)


def test_named_dimensions_other_than_the_batch_have_32() -> None:
    assert expand(manifest(("x", "float32", ["N", "T"])), SEED, 2)["x"].shape == (2, 32)


def test_numbers_are_the_same_bits_everywhere() -> None:
    model = manifest(("x", "float32", ["N", "64"]), ("ids", "int64", ["N", "64"]))
    found = expand(model, SEED, 2)
    digests = {name: sha256(array.tobytes()).hexdigest()[:16] for name, array in found.items()}
    assert digests == {"x": "01b2209780399524", "ids": "778a160013f5919e"}


def test_floats_are_a_centred_bell_and_integers_are_bits() -> None:
    model = manifest(("x", "float32", ["N", "4096"]), ("ids", "int32", ["N", "4096"]))
    found = expand(model, SEED, 1)
    assert abs(float(found["x"].mean())) < 0.1
    assert 1.1 < float(found["x"].std()) < 1.2
    assert set(np.unique(found["ids"])) == {0, 1}


def test_another_seed_or_name_gives_other_numbers() -> None:
    model = manifest(("a", "float32", ["N", "8"]), ("b", "float32", ["N", "8"]))
    first, second = expand(model, SEED, 1), expand(model, bytes(32), 1)
    assert not np.array_equal(first["a"], first["b"])
    assert not np.array_equal(first["a"], second["a"])


def test_what_cannot_be_expanded_is_refused() -> None:
    with pytest.raises(SpecError, match="bfloat16"):
        expand(manifest(("x", "bfloat16", ["N"])), SEED, 1)
    with pytest.raises(SpecError, match="a batch of 3"):
        expand(manifest(("x", "float32", ["2", "5"])), SEED, 3)
    with pytest.raises(SpecError, match="4,000,000,000 bytes"):
        expand(manifest(("x", "float32", ["N", "1000000"])), SEED, 1_000, max_bytes=10**9)
    with pytest.raises(SpecError, match="not 3"):
        expand(manifest(("x", "float32", ["N"])), b"abc", 1)
