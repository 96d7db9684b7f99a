"""The genesis hands out the whole supply once, and every contract is made with what it takes."""

from __future__ import annotations

import pytest

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.genesis import (
    AUDIT_POOL_WEI,
    CANARIES_WEI,
    CAP_WEI,
    INSURANCE_WEI,
    LIQUID_WEI,
    TREASURY_WEI,
    Addresses,
    AuditSettings,
    CanaryModel,
    EconomySettings,
    Step,
    genesis_wei,
    selector,
    steps,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.units import WEI_PER_NVY


def address(number: int) -> Address:
    return Address(f"0x{number:040x}")


DEPLOYER, GUARDIAN, TEAM, BACKERS, HOLDER = (address(number) for number in range(0x10, 0x15))
ECONOMY = EconomySettings(
    GUARDIAN, TEAM, BACKERS, {HOLDER: LIQUID_WEI}, [CanaryModel(bytes(32), bytes(12), 1, 60)]
)
START_S = 1_700_000_000


def order(
    audits: AuditSettings | None = None, economy: EconomySettings | None = ECONOMY
) -> list[Step]:
    return steps(DEPLOYER, None, audits, economy, START_S)


def addresses_of(found: list[Step]) -> Addresses:
    names = ["token", "beacon", *(step.name for step in found)]
    return {name: address(0x100 + number) for number, name in enumerate(names)}


@pytest.mark.parametrize("holder", [HOLDER, DEPLOYER], ids=["another", "the deployer"])
def test_the_genesis_sums_to_the_cap(holder: Address) -> None:
    economy = EconomySettings(GUARDIAN, TEAM, BACKERS, {holder: LIQUID_WEI})
    held = genesis_wei(economy, DEPLOYER, addresses_of(order()))
    assert sum(held.values()) == CAP_WEI == 10**9 * WEI_PER_NVY
    assert all(amount_wei > 0 for amount_wei in held.values())
    own_wei = LIQUID_WEI if holder == DEPLOYER else 0
    assert held[DEPLOYER] == TREASURY_WEI + INSURANCE_WEI + own_wei
    assert CANARIES_WEI < TREASURY_WEI
    assert AUDIT_POOL_WEI < INSURANCE_WEI


@pytest.mark.parametrize("economy", [None, ECONOMY], ids=["market alone", "economy"])
@pytest.mark.parametrize("audits", [None, AuditSettings.local()], ids=["no audits", "audits"])
def test_every_contract_is_made_with_what_its_constructor_takes(
    audits: AuditSettings | None, economy: EconomySettings | None
) -> None:
    made = order(audits, economy)
    found = addresses_of(made)
    for step in made:
        abi = contract_abi(step.contract)
        args = step.args(found)
        assert len(args) == len(abi.constructor_inputs), step.name
        assert abi.encode_deployment(args).startswith(abi.bytecode)


def test_every_step_has_a_name_of_its_own() -> None:
    names = [step.name for step in order(AuditSettings.local())]
    assert len(names) == len(set(names))
    assert not {"token", "beacon"} & set(names)


def test_no_address_is_left_open_where_everything_is_made() -> None:
    made = order(AuditSettings.local())
    found = addresses_of(made)
    for step in made:
        flat = [value for value in step.args(found) if isinstance(value, str)]
        assert ZERO_ADDRESS not in flat, step.name


def test_without_an_economy_nobody_is_named_that_does_not_exist() -> None:
    made = order(economy=None)
    assert [step.name for step in made] == ["stake_manager", "market"]
    manager = made[0].args(addresses_of(made))
    assert manager[2] == DEPLOYER  # collects insurance
    assert manager[-1] == (ZERO_ADDRESS,) * 6


def test_grants_pay_whom_they_are_for_and_start_together() -> None:
    made = order()
    found = addresses_of(made)
    grants = {s.name: s.args(found) for s in made if s.contract == "Grant"}
    assert grants["team_grant"][0] == TEAM
    assert grants["backers_grant"][0] == BACKERS
    assert grants["treasury_grant"][0] == found["treasury"]
    assert {args[1] for args in grants.values()} == {START_S}


def test_a_selector_is_the_known_one() -> None:
    assert selector("transfer(address,uint256)").hex() == "a9059cbb"
