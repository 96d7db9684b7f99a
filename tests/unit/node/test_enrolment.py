"""Becoming a provider works once, and repeating it changes nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.unit.node.conftest import OTHER, Station

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.reverts import StakeManagerSeatsUnbacked
from neurovoyance.chain.wallet import KeyRole, Wallet
from neurovoyance.node.enrolment import enrol, make_operator_key, seats_by_default, take_seats
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import AccessDenied, ConfigError, InsufficientFunds
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.units import nvy

HOT, HOT_2 = (Address(devnet_wallet(index).address) for index in (5, 6))
URL = "http://127.0.0.1:2"


async def fund(station: Station, amount: str) -> None:
    await station.contracts.token.transfer(devnet_wallet(0), OTHER.address, nvy(amount))


async def test_enrolling_registers_and_stakes(station: Station) -> None:
    await fund(station, "1500")
    assert await enrol(station.contracts, OTHER, HOT, URL, nvy("1200")) == nvy("1200")
    stakes = station.contracts.stakes
    assert await stakes.operator_of(OTHER.address) == HOT
    assert (await stakes.stake_of(OTHER.address)).own_wei == nvy("1200")
    assert await station.contracts.token.balance_of_wei(OTHER.address) == nvy("300")


async def test_enrolling_again_adds_only_what_is_missing(station: Station) -> None:
    await fund(station, "1500")
    await enrol(station.contracts, OTHER, HOT, URL, nvy("1000"))
    nonce_before = await transactions(station)
    assert await enrol(station.contracts, OTHER, HOT, URL, nvy("1000")) == nvy("1000")
    assert await transactions(station) == nonce_before, "nothing was sent"
    assert await enrol(station.contracts, OTHER, HOT_2, URL, nvy("1100")) == nvy("1100")
    assert await station.contracts.stakes.operator_of(OTHER.address) == HOT_2


async def transactions(station: Station) -> int:
    answer = await station.contracts.client.rpc.request(
        "eth_getTransactionCount", [OTHER.address, "latest"]
    )
    return int(answer, 16)


async def test_too_little_stake_is_refused_before_anything_is_sent(station: Station) -> None:
    with pytest.raises(ConfigError, match="below the minimum"):
        await enrol(station.contracts, OTHER, HOT, URL, nvy("999"))
    with pytest.raises(InsufficientFunds):
        await enrol(station.contracts, OTHER, HOT, URL, nvy("1000"))
    assert await station.contracts.stakes.operator_of(OTHER.address) == ZERO_ADDRESS


CPU, ARM = pool_of("cpu"), pool_of("arm")


async def test_half_of_the_stake_takes_seats_spread_over_the_pools(court_station: Station) -> None:
    station = court_station
    await fund(station, "6000")
    await enrol(station.contracts, OTHER, HOT, URL, nvy("6000"))
    assert seats_by_default(nvy("5999")) == 2
    assert await take_seats(station.contracts, OTHER, [CPU, ARM]) == 3
    stakes = station.contracts.stakes
    assert (await stakes.stake_of(OTHER.address)).seats == 3
    assert (await stakes.pool_of(ARM)).live_seats == 1
    before = await transactions(station)
    assert await take_seats(station.contracts, OTHER, [CPU, ARM]) == 3
    assert await take_seats(station.contracts, OTHER, [CPU, ARM], 0) == 3
    assert await transactions(station) == before, "nothing was sent"
    assert await take_seats(station.contracts, OTHER, [CPU], 4) == 4


async def test_no_seats_need_no_pool_and_seats_need_one_and_stake(court_station: Station) -> None:
    station = court_station
    await fund(station, "2000")
    await enrol(station.contracts, OTHER, HOT, URL, nvy("2000"))
    assert await take_seats(station.contracts, OTHER, [], 0) == 0
    with pytest.raises(ConfigError, match="no auditor pool"):
        await take_seats(station.contracts, OTHER, [])
    with pytest.raises(StakeManagerSeatsUnbacked):
        await take_seats(station.contracts, OTHER, [CPU], 3)


def test_an_operator_key_is_made_once_and_opened_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wallet, "create", lambda path, password, role: _quick(path, password, role))
    path = tmp_path / "keys" / "operator.json"
    made = make_operator_key(path, "a long password")
    again = make_operator_key(path, "a long password")
    assert made.address == again.address
    assert made.role is again.role is KeyRole.OPERATOR
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(AccessDenied):
        make_operator_key(path, "another password")


_CREATE = Wallet.create


def _quick(path: Path, password: str, role: KeyRole) -> Wallet:
    return _CREATE(path, password, role=role, scrypt_n=2)
