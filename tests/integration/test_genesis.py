"""After a deployment nobody has a power that this page does not name, and every token is counted.

One deployment with different addresses for deployer, guardian, team, backers and liquid tokens;
its events, views, code and storage are compared with the tables of ``genesis_powers``.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak
from tests.chains import connect
from tests.integration.genesis_powers import (
    ANYONE,
    DOCUMENTED,
    FIXED,
    OWN,
    POWERS,
    SUSPICIOUS,
    address_views,
    arguments_of,
)

from neurovoyance.chain import ChainClient, ChainControl, Contracts, devnet_wallet
from neurovoyance.chain.abi_codec import CONTRACT_NAMES, Call, contract_abi
from neurovoyance.chain.deploy import create_address, deploy, verify_deployment
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.genesis import (
    AUDIT_POOL_WEI,
    BACKERS_WEI,
    CANARIES_WEI,
    CAP_WEI,
    GRANT_CLIFF_S,
    GRANT_S,
    INSURANCE_WEI,
    LIQUID_WEI,
    RESERVE_WEI,
    TEAM_WEI,
    TREASURY_GRANT_S,
    TREASURY_GRANT_WEI,
    TREASURY_WEI,
    AuditSettings,
    EconomySettings,
    selector,
)
from neurovoyance.chain.links import CONTRACT_OF
from neurovoyance.protocol.errors import ConfigError, ContractRevert
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address

DEPLOYER, GUARDIAN, TEAM, BACKERS, MAKER, STRANGER = (devnet_wallet(n) for n in range(6))
PUSH1, PUSH32 = 0x60, 0x7F
CALLCODE, DELEGATECALL, SELFDESTRUCT = 0xF2, 0xF4, 0xFF
HOLDERS = {"guardian": GUARDIAN, "team": TEAM, "backers": BACKERS, "maker": MAKER}
SLOTS = 40
"""Storage slots looked at; no contract's variables reach that far."""


@dataclass(frozen=True, slots=True)
class World:
    chain: ChainClient
    deployment: Deployment
    contracts: Contracts
    control: ChainControl

    async def read(self, field: str, function: str, *args: Any, sender: str | None = None) -> Any:
        """Return the results of a call at the contract of a field of the record."""
        abi = contract_abi(CONTRACT_OF[field])
        call = Call(abi, getattr(self.deployment, field), function, args)
        found = await self.chain.call(call, sender=sender)
        return found[0] if len(found) == 1 else found

    async def balance(self, address: str) -> int:
        return await self.contracts.token.balance_of_wei(address)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Deployment]]:
    async def put(url: str, folder: Path) -> Deployment:
        economy = EconomySettings(
            GUARDIAN.address, TEAM.address, BACKERS.address, {MAKER.address: LIQUID_WEI}
        )
        async with await connect(url, folder) as chain:
            return await deploy(chain, DEPLOYER, audits=AuditSettings.local(), economy=economy)

    with DevnetThread(block_interval_s=None) as devnet:
        yield devnet.url, asyncio.run(put(devnet.url, tmp_path_factory.mktemp("genesis")))


@pytest.fixture
async def world(network: tuple[str, Deployment], tmp_path: Path) -> AsyncIterator[World]:
    url, deployment = network
    async with await connect(url, tmp_path) as chain:
        control = ChainControl(chain.rpc)
        before = await control.snapshot()
        yield World(chain, deployment, Contracts(chain, deployment), control)
        assert await control.revert(before)


async def _outcome(world: World, field: str, function: str, sender: str) -> str:
    """Return an answer or an error with its values, the caller's address as ``caller``."""
    args = arguments_of(CONTRACT_OF[field], function)
    try:
        found = repr(await world.read(field, function, *args, sender=sender))
    except ContractRevert as error:
        found = f"{type(error).__name__}: {error}"
    return found.replace(sender, "caller")


# --- powers ---


def test_every_function_that_changes_something_is_classified() -> None:
    assert set(POWERS) == set(CONTRACT_NAMES) == set(CONTRACT_OF.values())
    for name in CONTRACT_NAMES:
        functions = contract_abi(name).functions
        changing = {f for f, e in functions.items() if e["stateMutability"] not in ("view", "pure")}
        assert changing == set(POWERS[name]), f"Say in genesis_powers who may call these of {name}."


def test_no_function_is_named_like_a_power_that_is_not_documented() -> None:
    for name in CONTRACT_NAMES:
        found = {f for f in contract_abi(name).functions if re.search(SUSPICIOUS, f)}
        assert found == DOCUMENTED.get(name, frozenset()), name


@pytest.mark.parametrize("field", CONTRACT_OF)
async def test_the_deployer_is_a_stranger(world: World, field: str) -> None:
    for function, power in POWERS[CONTRACT_OF[field]].items():
        mine = await _outcome(world, field, function, DEPLOYER.address)
        theirs = await _outcome(world, field, function, STRANGER.address)
        assert mine == theirs, f"{field}.{function}"
        if power not in (OWN, ANYONE):
            assert mine.split(":")[0] == power, f"{field}.{function}"


async def test_what_is_fixed_refuses_its_own_timelock_too(world: World) -> None:
    for field, contract in CONTRACT_OF.items():
        for function, error in FIXED.get(contract, {}).items():
            for sender in (DEPLOYER.address, world.deployment.constitutional_timelock):
                outcome = await _outcome(world, field, function, sender)
                assert outcome.startswith(error), f"{field}.{function}"


async def test_only_the_governors_have_roles(world: World) -> None:
    for kind in ("standard", "constitutional"):
        timelock = getattr(world.deployment, f"{kind}_timelock")
        governor = getattr(world.deployment, f"{kind}_governor")
        held = await _roles(world.chain, timelock)
        names = {"PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"}
        assert held == {(keccak(text=name), governor.lower()) for name in names}
        for role, _ in held:
            assert await world.read(f"{kind}_timelock", "getRoleAdmin", role) == bytes(32)
        for account in (timelock, DEPLOYER.address, ZERO_ADDRESS):
            assert not await world.read(f"{kind}_timelock", "hasRole", bytes(32), account)
        assert await world.read(f"{kind}_timelock", "isConstitutional") == (
            kind == "constitutional"
        )


async def _roles(chain: ChainClient, timelock: str) -> set[tuple[bytes, str]]:
    held: set[tuple[bytes, str]] = set()
    for log in await _logs(chain, timelock):
        event = contract_abi("ProtocolTimelock").events[bytes.fromhex(log["topics"][0][2:])]["name"]
        if event in ("RoleGranted", "RoleRevoked"):
            pair = bytes.fromhex(log["topics"][1][2:]), "0x" + log["topics"][2][-40:]
            (held.add if event == "RoleGranted" else held.discard)(pair)
        else:
            assert event == "MinDelayChange"
    return held


async def _logs(chain: ChainClient, address: str) -> list[dict[str, Any]]:
    wanted = {"address": address, "fromBlock": "0x0", "toBlock": "latest"}
    found: list[dict[str, Any]] = await chain.rpc.request("eth_getLogs", [wanted])
    assert found
    return found


async def test_proposals_reach_only_what_is_listed(world: World) -> None:
    recorded = world.deployment.named_addresses()
    allowed = {
        "standard": {
            ("params", "set(bytes32,uint256)"),
            ("treasury", "pay(address,uint256,string)"),
            ("stake_manager", "reduceSlash(bytes32,uint256)"),
            ("canaries", "setModel(bytes32,bytes12,uint32,uint32,bool)"),
            ("registry", "suspend(bytes32)"),
            ("registry", "rule(bytes32,bool)"),
        },
        "constitutional": {
            ("params", "set(bytes32,uint256)"),
            ("treasury", "pay(address,uint256,string)"),
            ("insurance_fund", "pay(address,uint256,string)"),
            ("guardian", "renew(address)"),
        },
    }
    for kind, expected in allowed.items():
        found = set()
        for field, contract in CONTRACT_OF.items():
            for name in POWERS[contract]:
                entry = contract_abi(contract).function(name)
                signature = _signature(entry)
                call = recorded[field], selector(signature)
                if await world.read(f"{kind}_governor", "isAllowed", *call):
                    found.add((field, signature))
        assert found == expected


def _signature(entry: dict[str, Any]) -> str:
    def name(param: dict[str, Any]) -> str:
        if not param["type"].startswith("tuple"):
            return str(param["type"])
        return f"({','.join(map(name, param['components']))}){param['type'][5:]}"

    return f"{entry['name']}({','.join(map(name, entry['inputs']))})"


# --- addresses ---


async def test_every_address_that_is_named_is_recorded_or_a_holder(world: World) -> None:
    known = {
        *world.deployment.contract_addresses(),
        *(wallet.address for wallet in HOLDERS.values()),
        # Two parts of its code, which the court makes itself.
        create_address(world.deployment.dispute_court, 1),
        create_address(world.deployment.dispute_court, 2),
    }
    for field, contract in CONTRACT_OF.items():
        for view in address_views(contract):
            assert await world.read(field, view) in known, f"{field}.{view}"
    assert DEPLOYER.address not in known


async def test_what_no_record_holds_is_as_deployed(world: World) -> None:
    deployment = world.deployment
    assert await world.read("registry", "arbiter") == deployment.standard_timelock
    assert await world.read("guardian", "holder") == GUARDIAN.address
    assert await world.read("team_grant", "owner") == TEAM.address
    assert await world.read("backers_grant", "owner") == BACKERS.address
    names = ("treasury", "insurance_fund", "vault", "team_grant", "backers_grant", "treasury_grant")
    assert list(await world.read("emission", "excluded")) == [getattr(deployment, n) for n in names]


async def test_a_record_with_one_wrong_address_is_refused(world: World) -> None:
    """Of its own kind where there is another one: then only what it names tells them apart."""
    deployment = world.deployment
    await verify_deployment(world.chain, deployment)
    twins = {
        "standard_timelock": "constitutional_timelock",
        "constitutional_timelock": "standard_timelock",
        "standard_governor": "constitutional_governor",
        "constitutional_governor": "standard_governor",
        "treasury_grant": "team_grant",
    }
    # Nothing that pays or votes names these two: `excluded` alone does.
    for field in set(CONTRACT_OF) - {"team_grant", "backers_grant"}:
        other = twins.get(field, "token" if field == "beacon" else "beacon")
        wrong = replace(deployment, **{field: getattr(deployment, other)})
        with pytest.raises(ConfigError, match="does not fit this chain"):
            await verify_deployment(world.chain, wrong)


async def test_neither_code_nor_storage_knows_the_deployer(world: World) -> None:
    """Immutable addresses stand in the code; single variables and mappings in low slots."""
    mark = bytes.fromhex(DEPLOYER.address[2:])
    for field in CONTRACT_OF:
        address = getattr(world.deployment, field)
        assert mark not in await world.chain.code(address), field
        for slot in range(SLOTS):
            keys = [slot, int.from_bytes(keccak(mark.rjust(32, b"\0") + slot.to_bytes(32, "big")))]
            for key in keys:
                raw = await world.chain.rpc.request(
                    "eth_getStorageAt", [address, hex(key), "latest"]
                )
                assert mark.hex() not in raw, field
                # A spent balance is a zero; nothing else was ever written under its address.
                assert key == slot or int(raw, 16) == 0, (field, slot)


async def test_no_code_calls_others_in_its_own_place_or_destroys_itself(world: World) -> None:
    """No DELEGATECALL, CALLCODE or SELFDESTRUCT stands in any code, constants passed over."""
    parts = [create_address(world.deployment.dispute_court, nonce) for nonce in (1, 2)]
    for address in (*world.deployment.contract_addresses(), *parts):
        code = await world.chain.code(address)
        found, place = set(), 0
        while place < len(code):
            found.add(code[place])
            is_push = PUSH1 <= code[place] <= PUSH32
            place += code[place] - PUSH1 + 2 if is_push else 1
        assert found and not found & {DELEGATECALL, CALLCODE, SELFDESTRUCT}, address


# --- money ---


async def test_every_wei_of_the_genesis_has_its_named_holder(world: World) -> None:
    deployment = world.deployment
    expected = {
        deployment.emission: RESERVE_WEI,
        deployment.treasury: TREASURY_WEI - CANARIES_WEI,
        deployment.treasury_grant: TREASURY_GRANT_WEI,
        deployment.team_grant: TEAM_WEI,
        deployment.backers_grant: BACKERS_WEI,
        deployment.insurance_fund: INSURANCE_WEI - AUDIT_POOL_WEI,
        deployment.market: AUDIT_POOL_WEI + CANARIES_WEI,
        MAKER.address: LIQUID_WEI,
    }
    assert sum(expected.values()) == CAP_WEI == await world.contracts.token.total_supply_wei()
    assert {Address(a): n for a, n in (await _moved(world.chain, deployment.token)).items()} == {
        Address(address.lower()): amount_wei for address, amount_wei in expected.items()
    }
    for address, amount_wei in expected.items():
        assert await world.balance(address) == amount_wei
    assert await world.balance(DEPLOYER.address) == 0


async def _moved(chain: ChainClient, token: str) -> dict[str, int]:
    """Return who holds what by the Transfer events alone; nothing moves without one."""
    transfer = keccak(text="Transfer(address,address,uint256)").hex()
    held: Counter[str] = Counter()
    for log in await _logs(chain, token):
        if log["topics"][0].removeprefix("0x") != transfer:
            continue
        source, target = ("0x" + topic[-40:] for topic in log["topics"][1:3])
        held[target] += int(log["data"], 16)
        if int(source, 16):
            held[source] -= int(log["data"], 16)
    return {address: amount for address, amount in held.items() if amount}


async def test_the_books_say_what_the_balances_say(world: World) -> None:
    assert await world.read("emission", "reserveWei") == RESERVE_WEI
    for view in ("reservedWei", "delegatedWei", "paidWei"):
        assert await world.read("emission", view) == 0
    assert await world.read("treasury", "holdings") == TREASURY_WEI - CANARIES_WEI
    market = world.contracts.market
    assert await market.free_of_wei(world.deployment.audit_court) == AUDIT_POOL_WEI
    assert await market.free_of_wei(world.deployment.canaries) == CANARIES_WEI
    assert await market.free_of_wei(DEPLOYER.address) == 0
    assert await world.read("vault", "totalHeld") == 0
    assert await world.read("votes", "unitsOf", DEPLOYER.address) == 0


@pytest.mark.parametrize(
    ("field", "holder", "amount_wei"),
    [("team_grant", TEAM, TEAM_WEI), ("backers_grant", BACKERS, BACKERS_WEI)],
)
async def test_a_grant_pays_nothing_before_its_cliff_and_then_by_time(
    world: World, field: str, holder: Any, amount_wei: int
) -> None:
    token, start = world.deployment.token, int(await world.read(field, "start"))
    assert await world.read(field, "cliff") == start + GRANT_CLIFF_S
    assert await world.read(field, "duration") == GRANT_S
    grant = getattr(world.deployment, field)
    release = Call(contract_abi("Grant"), grant, "release(address)", (token,))
    for at in (0, GRANT_CLIFF_S - 3_600, GRANT_CLIFF_S, GRANT_S // 2, GRANT_S):
        passed = await _send_at(world, start + at, release) - start  # anyone; it pays the owner
        due_wei = amount_wei * min(passed, GRANT_S) // GRANT_S if at >= GRANT_CLIFF_S else 0
        assert await world.balance(holder.address) == due_wei
    assert await world.balance(holder.address) == amount_wei
    assert await world.balance(grant) == await world.balance(STRANGER.address) == 0


async def test_the_treasury_collects_its_grant_over_two_years(world: World) -> None:
    start = int(await world.read("treasury_grant", "start"))
    treasury, grant = world.deployment.treasury, world.deployment.treasury_grant
    collect = Call(contract_abi("Treasury"), treasury, "collectGrant", (grant,))
    for part in (1, 52, 104):
        at = await _send_at(world, start + TREASURY_GRANT_S * part // 104, collect)
        passed = min(at - start, TREASURY_GRANT_S)
        collected_wei = TREASURY_GRANT_WEI * passed // TREASURY_GRANT_S
        assert await world.read("treasury", "collectedOf", grant) == collected_wei
        holdings_wei = TREASURY_WEI - CANARIES_WEI + collected_wei
        assert await world.read("treasury", "holdings") == holdings_wei
        assert await world.balance(treasury) == holdings_wei
    assert collected_wei == TREASURY_GRANT_WEI


async def _send_at(world: World, time_s: int, call: Call) -> int:
    """Let a time come, send as a stranger, and return the time of the block that took it."""
    await world.control.increase_time(max(time_s - await world.chain.time_s(), 0))
    receipt = await world.chain.send(call, STRANGER)
    return (await world.chain.block(receipt.block_number)).timestamp_s
