import pytest

from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.tokenomics.reverts import TwinRevert


def test_a_refusal_carries_name_and_values_like_the_contracts() -> None:
    with pytest.raises(ContractRevert) as caught:
        raise TwinRevert("VestingVault__OutflowLimit", "0xaa", 7)
    assert isinstance(caught.value, TwinRevert)
    assert (caught.value.name, caught.value.values) == ("VestingVault__OutflowLimit", ("0xaa", 7))
    assert "VestingVault__OutflowLimit" in str(caught.value)
