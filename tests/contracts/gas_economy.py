"""Measure channels, stakes with votes, fees and the vault in the whole token economy.

Place: a step of ``check_gas``; the same rules as ``gas_operations``. Every contract of a public
network is deployed as ``genesis`` says. Who calls delegates its votes to itself, as voters do.
Names that end in "economy on" are of operations that ``gas_operations`` measures without one.
"""

from __future__ import annotations

import json
from typing import Any, Final

from eth_account import Account
from gas_market import ABI_DIR, NVY, OPERATOR, TX_GAS, anvil
from web3 import Web3

from neurovoyance.chain.deploy import create_address
from neurovoyance.chain.genesis import (
    Addresses,
    AuditSettings,
    EconomySettings,
    Step,
    genesis_wei,
    steps,
)
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.vouchers import Voucher, sign_voucher

CLIENT: Final = Account.from_key("0x" + "0d" * 32)
MULTIPLE: Final = 5
WINDOW_S: Final = 1_800
EPOCH_S: Final = 604_800
REDEMPTIONS: Final = 7
"""Of a side between two settlements: one a day, settled when the week's fees are harvested."""
SIDES: Final = 10
"""Settled together."""


def _nothing(_: Addresses) -> tuple[Any, ...]:
    return ()


class Economy:
    """Every contract of a network, by the name it has in ``genesis``."""

    def __init__(self, w3: Any) -> None:
        self.w3 = w3
        self.gas: dict[str, int] = {}
        accounts = [Address(account) for account in w3.eth.accounts]
        self.deployer, self.owner, self.other, self.auditor = accounts[:4]
        self.client, self.operator = CLIENT.address, OPERATOR.address
        settings = EconomySettings.local(self.deployer)
        head = [
            Step("token", "ComputeToken", _nothing),
            Step("beacon", "BlockHashBeacon", _nothing),
        ]
        order = [*head, *steps(self.deployer, None, AuditSettings.local(), settings, self.now())]
        first = w3.eth.get_transaction_count(self.deployer)
        found = {s.name: create_address(self.deployer, first + i) for i, s in enumerate(order)}
        held = genesis_wei(settings, self.deployer, found)
        self.at: dict[str, Any] = {}
        for step in order:
            args = (list(held), list(held.values())) if step.name == "token" else step.args(found)
            self.at[step.name] = self._deploy(step.contract, found[step.name], args)
        for party in (self.client, self.operator, found["emission"], found["stake_manager"]):
            self.act_as(party)
        self._fund()

    def __getattr__(self, name: str) -> Any:
        return self.at[name]

    def _deploy(self, name: str, address: str, args: tuple[Any, ...]) -> Any:
        exported = json.loads((ABI_DIR / f"{name}.json").read_text())
        factory = self.w3.eth.contract(abi=exported["abi"], bytecode=exported["bytecode"])
        sent = factory.constructor(*args).transact({"from": self.deployer, "gas": 20_000_000})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1 and receipt["contractAddress"] == address, name
        return self.w3.eth.contract(address=address, abi=exported["abi"])

    def act_as(self, party: str) -> None:
        """Let a party send, contract or not."""
        self.w3.provider.make_request("anvil_setBalance", [party, hex(10**20)])
        self.w3.provider.make_request("anvil_impersonateAccount", [party])

    def _fund(self) -> None:
        """Give everybody tokens; every contract holds somebody's already, and votes exist."""
        f, spenders = self.token.functions, ("market", "stake_manager", "vault")
        for party in (self.client, self.owner, self.other):
            self.send(self.deployer, f.transfer(party, 200_000 * NVY))
            for spender in spenders:
                self.send(party, f.approve(self.at[spender].address, 10**30))
        self.send(self.emission.address, f.approve(self.vault.address, 10**30))
        for party in (self.owner, self.other):
            self.send(party, self.votes.functions.delegate(party))
        f = self.stake_manager.functions
        self.send(self.other, f.register(self.other, "http://127.0.0.1:8801"))
        self.send(self.other, f.stake(10_000 * NVY))
        self.deposit(self.other, 10_000 * NVY)

    def deposit(self, account: str, amount_wei: int) -> int:
        """Let tokens of the emission vest for an account."""
        return self.send(self.emission.address, self.vault.functions.deposit(account, amount_wei))

    def send(self, sender: str, call: Any) -> int:
        """Return the gas used by a transaction that succeeds."""
        sent = call.transact({"from": sender, "gas": TX_GAS, "gasPrice": 10**9})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, call.fn_name
        return int(receipt["gasUsed"])

    def measure(self, name: str, sender: str, call: Any) -> None:
        """Send and write the gas down under ``name``."""
        assert name not in self.gas, name
        self.gas[name] = self.send(sender, call)

    def pass_time(self, seconds: int) -> None:
        """Let time pass."""
        self.w3.provider.make_request("evm_increaseTime", [hex(seconds)])
        self.w3.provider.make_request("anvil_mine", ["0x1"])

    def now(self) -> int:
        """Return the time of the latest block in unix seconds."""
        return int(self.w3.eth.get_block("latest")["timestamp"])


class Side:
    """One channel with the provider, and vouchers of its client."""

    def __init__(self, m: Economy, number: int) -> None:
        self.m, self.promised_wei = m, 0
        self.salt = number.to_bytes(32)
        self.id = m.channels.functions.channelIdOf(m.client, self.salt).call()

    def open_call(self) -> Any:
        """Return the call that opens it."""
        return self.m.channels.functions.open(self.salt, [(self.m.owner, 1_000 * NVY, MULTIPLE)])

    def redeem_call(self, amount_wei: int = NVY) -> Any:
        """Return the call that redeems a new voucher."""
        self.promised_wei += amount_wei
        voucher = Voucher(
            channel_id=self.id,
            payee=self.m.owner,
            cumulative_wei=self.promised_wei,
            receipts_root=bytes(Web3.keccak(self.promised_wei)),
            max_leaf_wei=amount_wei,
            expiry_s=self.m.now() + 86_400,
        )
        at = {"chain_id": self.m.w3.eth.chain_id, "channels": self.m.channels.address}
        signature = sign_voucher(voucher, CLIENT, **at)
        return self.m.channels.functions.redeem(voucher.as_abi(), signature)

    def settle_call(self) -> Any:
        """Return the call that pays what is due."""
        return self.m.channels.functions.settle(self.id, self.m.owner)


def _staking(m: Economy) -> None:
    f, owner = m.stake_manager.functions, m.owner
    m.send(owner, f.register(m.operator, "http://127.0.0.1:8800"))
    m.measure("stake first, economy on", owner, f.stake(10_000 * NVY))
    m.measure("stake the second time, economy on", owner, f.stake(5_000 * NVY))
    m.measure("stake again, economy on", owner, f.stake(5_000 * NVY))
    m.pass_time(EPOCH_S)
    m.measure("stake again, economy on, first of an epoch", owner, f.stake(10_000 * NVY))
    m.measure("requestUnbonding, economy on", owner, f.requestUnbonding(NVY))


def _channels(m: Economy) -> None:
    """Redeem one side time and again and settle it once; then ten sides, settled together."""
    m.send(m.client, m.market.functions.deposit(50_000 * NVY))
    sides = [Side(m, number) for number in range(SIDES + 1)]
    first, others = sides[0], sides[1:]
    m.measure("channel open, first", m.client, first.open_call())
    m.measure("channel open", m.client, others[0].open_call())
    for side in others[1:]:
        m.send(m.client, side.open_call())
    steps = (
        ("channel redeem, first of a side", NVY),
        ("channel settle, first of an epoch", 0),
        ("channel redeem, nothing waits", NVY),
        ("channel settle, one redemption", 0),
        ("", NVY),
        ("channel redeem, the same again", NVY),
        ("channel redeem, more", 2 * NVY),
        ("channel redeem, less", NVY),
        ("channel settle", 0),
    )
    for name, wei in steps:
        used = m.send(m.operator, first.redeem_call(wei) if wei else first.settle_call())
        m.gas |= {name: used} if name else {}
        m.pass_time(WINDOW_S + 1)
    for side in others:
        m.send(m.operator, side.redeem_call())
    m.pass_time(WINDOW_S + 1)
    batch = m.channels.functions.settleBatch([side.id for side in others], m.owner)
    m.gas["channel settle, each of 10 sides"] = m.send(m.operator, batch) // SIDES
    both = m.gas["channel redeem, more"] + m.gas["channel settle"] // REDEMPTIONS
    m.gas["channel redeem and a 7th of a settle"] = both
    m.gas["channel job, 100 by voucher"] = both // 100
    m.gas["channel job, 1,000 by Merkle root"] = both // 1_000


def _harvests(m: Economy) -> None:
    f = m.fee_router.functions
    m.measure("harvest whole, first", m.operator, f.harvest(m.owner))
    side = Side(m, 99)
    m.send(m.client, side.open_call())
    for number in range(3):
        m.pass_time(EPOCH_S)
        m.send(m.operator, side.redeem_call())
        m.pass_time(WINDOW_S + 1)
        m.send(m.operator, side.settle_call())
        used = m.send(m.operator, f.harvest(m.owner))
        if number == 2:
            m.gas["harvest whole"] = used


def _emission(m: Economy) -> None:
    """Roll, register and claim a week of fees; nothing here is dearer the first time."""
    f, side = m.emission.functions, Side(m, 200)
    m.pass_time(EPOCH_S)
    m.send(m.client, side.open_call())
    m.send(m.operator, side.redeem_call())
    m.pass_time(WINDOW_S + 1)
    m.send(m.operator, side.settle_call())
    epoch = m.now() // EPOCH_S
    m.pass_time(EPOCH_S)
    m.measure("emission roll", m.other, f.roll())
    m.measure("emission register", m.other, f.register(m.owner))
    m.pass_time(EPOCH_S)
    m.measure("emission claim", m.operator, f.claim(m.owner, epoch))


def _vesting(m: Economy) -> None:
    f, owner = m.vault.functions, m.owner
    m.deposit(owner, 10_000 * NVY)
    for _ in range(30):  # a year's provider: every entry of its ring is used
        m.pass_time(EPOCH_S)
        gas = m.send(owner, f.release(owner))  # the day's first move of votes
        m.deposit(owner, 10_000 * NVY)
    m.gas["release weekly"] = gas
    m.send(owner, f.requestExit(2_000 * NVY))
    for name in ("exit, first of all", "exit", "exit, second of an epoch"):
        m.pass_time(86_401)
        m.measure(name, owner, f.executeExit(10_000))
        used = m.send(owner, f.requestExit(2_000 * NVY))
        m.gas["exit notice"] = used
        if name == "exit, first of all":
            m.pass_time(EPOCH_S - 86_401)  # the first exit of an epoch opens its window
            m.send(owner, f.requestExit(2_000 * NVY))
    m.pass_time(86_401)
    m.measure("vault slash", m.stake_manager.address, f.slash(owner, b"\1" * 32, 2_500))
    m.measure(
        "vault slash, the same day", m.stake_manager.address, f.slash(owner, b"\2" * 32, 2_500)
    )
    m.pass_time(26 * EPOCH_S)
    m.measure("release, 26 idle epochs", owner, f.release(owner))


def _after_idle_months(m: Economy) -> None:
    """Harvest where every entry of a full ring is over, the dearest deposit there is."""
    for _ in range(26):
        m.deposit(m.owner, 10_000 * NVY)
        m.pass_time(EPOCH_S)
    m.pass_time(26 * EPOCH_S)
    side = Side(m, 100)
    m.send(m.client, side.open_call())
    m.send(m.operator, side.redeem_call())
    m.pass_time(WINDOW_S + 1)
    m.send(m.operator, side.settle_call())
    harvest = m.fee_router.functions.harvest(m.owner)
    m.measure("harvest whole, 26 idle epochs", m.operator, harvest)


def measure_economy() -> dict[str, int]:
    """Return gas used per named operation."""
    with anvil() as w3:
        economy = Economy(w3)
        for step in (_staking, _channels, _harvests, _vesting, _after_idle_months, _emission):
            step(economy)
        return economy.gas


if __name__ == "__main__":
    print(json.dumps(measure_economy(), indent=2))
