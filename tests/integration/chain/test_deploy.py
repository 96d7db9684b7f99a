"""Deployment, its record, and noticing that the chain is no longer the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.chains import connect, devnet

from neurovoyance.chain import (
    ChainClient,
    Contracts,
    deploy,
    devnet_wallet,
    load_deployment,
    verify_deployment,
)
from neurovoyance.chain.deploy import create_address
from neurovoyance.chain.genesis import CAP_WEI
from neurovoyance.protocol.errors import ConfigError

DEPLOYER = devnet_wallet(0)


async def test_the_record_is_written_and_read_back(client: ChainClient, tmp_path: Path) -> None:
    path = tmp_path / "deployments" / "31337.json"
    deployment = await deploy(client, DEPLOYER, insurance=devnet_wallet(9).address, path=path)
    assert load_deployment(path, 31337) == deployment
    await verify_deployment(client, deployment)
    contracts = Contracts(client, deployment)
    assert await contracts.stakes.insurance() == devnet_wallet(9).address
    assert await contracts.token.balance_of_wei(DEPLOYER.address) == CAP_WEI
    assert deployment.deploy_block == 1


async def test_the_supply_can_be_split_at_genesis(client: ChainClient) -> None:
    split = {devnet_wallet(1).address: 1, devnet_wallet(2).address: CAP_WEI - 1}
    contracts = Contracts(client, await deploy(client, DEPLOYER, allocation_wei=split))
    for address, amount_wei in split.items():
        assert await contracts.token.balance_of_wei(address) == amount_wei


async def test_a_deployment_of_a_wiped_devnet_is_refused(tmp_path: Path) -> None:
    async with devnet() as old, await connect(old, tmp_path) as client:
        deployment = await deploy(client, DEPLOYER)
    async with devnet() as new, await connect(new, tmp_path) as client:
        with pytest.raises(ConfigError, match="wiped and begun anew"):
            await verify_deployment(client, deployment)
        # The journal of the old chain does not disturb the new one either.
        assert (await deploy(client, DEPLOYER)).market == deployment.market


async def test_records_that_do_not_fit_are_refused(client: ChainClient) -> None:
    good = await deploy(client, DEPLOYER)
    nobody = devnet_wallet(7).address
    for changed, words in (
        (replace(good, token=nobody), "no contract at"),
        (replace(good, chain_id=5), "of chain 5"),
        (replace(good, token=good.beacon), "as its token"),
        (replace(good, beacon=good.token), "as its beacon"),
        (replace(good, stake_manager=good.market, market=good.stake_manager), "another kind"),
    ):
        with pytest.raises(ConfigError, match=words):
            await verify_deployment(client, changed)


def test_addresses_of_new_contracts_are_computed_as_the_chain_does() -> None:
    """First contracts of the well-known first development account."""
    sender = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert create_address(sender, 0) == "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    assert create_address(sender, 1) == "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
    assert create_address(sender, 127) != create_address(sender, 128)


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_the_computed_address_agrees_with_an_independent_encoding(nonce: int) -> None:
    from eth._utils.address import generate_contract_address
    from eth_utils.address import to_canonical_address

    sender = DEPLOYER.address
    expected = generate_contract_address(to_canonical_address(sender), nonce)
    assert create_address(sender, nonce).lower() == "0x" + expected.hex()
