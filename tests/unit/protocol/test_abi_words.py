import pytest
from eth_abi.abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.abi_words import bytes32_array, bytes32_words, uint_word
from neurovoyance.protocol.errors import SpecError

HASHES = st.binary(min_size=32, max_size=32)


@given(st.sampled_from([8, 32, 64, 96, 256]), st.data())
def test_an_integer_is_laid_out_as_the_abi_does(bits: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(0, 2**bits - 1))
    assert uint_word(value, bits) == abi_encode([f"uint{bits}"], [value])


@given(st.lists(HASHES, max_size=5))
def test_hashes_are_laid_out_as_the_abi_does(values: list[bytes]) -> None:
    assert bytes32_words(*values) == abi_encode(["bytes32"] * len(values), values)
    assert bytes32_array(values) == abi_encode(["bytes32[]"], [values])


@pytest.mark.parametrize(("value", "bits"), [(-1, 256), (256, 8), (2**96, 96), (2**256, 256)])
def test_an_integer_is_never_cut_to_fit(value: int, bits: int) -> None:
    with pytest.raises(SpecError, match=f"does not fit uint{bits}"):
        uint_word(value, bits)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SpecError, match=f"{length} bytes"):
        bytes32_words(bytes(32), bytes(length))
