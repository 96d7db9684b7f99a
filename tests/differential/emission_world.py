"""EmissionController in the in-process EVM, amid surroundings that a test sets, beside its twin.

Every call runs first as a question, so that a refusal is compared by name and values; one that is
granted is then mined, and all state is compared to the wei.
"""

from __future__ import annotations

from ast import literal_eval
from collections import Counter
from typing import Any

from eth_abi.abi import decode, encode
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address
from tests.differential.solidity import compiled

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.deploy import create_address
from neurovoyance.tokenomics.emission import EPOCH_S, RESERVE_WEI, Emission, Epoch, Weight
from neurovoyance.tokenomics.params import pack
from neurovoyance.tokenomics.reverts import TwinRevert

NVY = 10**18
CAP_WEI = 10**27
GAS = 2_000_000
DEPLOY_GAS = 12_000_000
START_EPOCH = 6_700
SURROUNDINGS = ("tests/contracts/mocks/EmissionSurroundings.sol", "EmissionSurroundings")
CONTROLLER = ("contracts/rewards/EmissionController.sol", "EmissionController")


class Contract:
    """One deployed contract: questions and transactions."""

    def __init__(self, tester: EthereumTester, abi: list[dict[str, Any]], address: str) -> None:
        self.tester, self.address = tester, address
        self.functions = {entry["name"]: entry for entry in abi if entry["type"] == "function"}
        self.errors = {_selector(e): e for e in abi if e["type"] == "error"}

    def _request(self, sender: str, function: str, args: tuple[Any, ...]) -> dict[str, Any]:
        data = _selector(self.functions[function]) + encode(_inputs(self.functions[function]), args)
        return {"from": sender, "to": self.address, "data": "0x" + data.hex(), "gas": GAS}

    def ask(self, function: str, *args: Any, sender: str = "") -> Any:
        """Return a call's first result, or the refusal as the twin would raise it."""
        outputs = [collapse_if_tuple(item) for item in self.functions[function]["outputs"]]
        request = self._request(sender or self.tester.get_accounts()[0], function, args)
        try:
            raw = bytes.fromhex(self.tester.call(request)[2:])
        except TransactionFailed as failed:
            # eth-tester gives the bytes of a custom error as they would be printed.
            return self._refusal(literal_eval(failed.args[0]))
        found = decode(outputs, raw)
        return found[0] if len(found) == 1 else found

    def _refusal(self, raw: bytes) -> tuple[str, tuple[Any, ...]]:
        entry = self.errors[bytes(raw[:4])]
        return str(entry["name"]), decode(_inputs(entry), bytes(raw[4:]))

    def send(self, sender: str, function: str, *args: Any) -> int:
        """Mine a transaction that succeeds; return its gas."""
        sent = self.tester.send_transaction(self._request(sender, function, args))
        receipt = self.tester.get_transaction_receipt(sent)
        assert receipt["status"] == 1, function
        return int(receipt["gas_used"])


def _selector(entry: dict[str, Any]) -> bytes:
    return bytes(function_abi_to_4byte_selector({**entry, "type": "function"}))  # type: ignore[arg-type]


def _inputs(entry: dict[str, Any]) -> list[str]:
    return [collapse_if_tuple(item) for item in entry["inputs"]]


class EmissionWorld:
    """Controller, surroundings and token on a chain, with the twin.

    Attributes:
        providers: owners; each has the account behind it as its operator.
        holder: the excluded address.
        seen: granted calls, by function.
    """

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        genesis = PyEVMBackend.generate_genesis_params({"timestamp": START_EPOCH * EPOCH_S + 5})
        self.tester = EthereumTester(PyEVMBackend(genesis_parameters=genesis))
        accounts = [str(to_checksum_address(a)) for a in self.tester.get_accounts()]
        self.deployer, self.holder, self.stranger = accounts[:3]
        self.providers, self.operators = (
            accounts[3:6],
            dict(zip(accounts[3:6], accounts[6:9], strict=True)),
        )
        self.world = self._deploy(*SURROUNDINGS)
        self.token = self._deploy_token()
        self.world.send(self.deployer, "setToken", self.token.address)
        world = self.world.address
        parts = (self.token.address, world, world, world, world, world, [self.holder])
        self.emission = self._deploy(*CONTROLLER, parts)
        assert self.token.ask("balanceOf", self.emission.address) == RESERVE_WEI
        for provider, operator in self.operators.items():
            self.world.send(self.deployer, "setOperator", provider, operator)
        self.word = pack("emission")
        self.world.send(self.deployer, "setWord", self.word)
        self.snapshot = self.tester.take_snapshot()
        self.twin = Emission(first_epoch=START_EPOCH + 1)

    def reset(self) -> None:
        """Go back to the beginning, for another sequence."""
        self.tester.revert_to_snapshot(self.snapshot)
        self.snapshot = self.tester.take_snapshot()
        self.word = pack("emission")
        self.twin = Emission(first_epoch=START_EPOCH + 1)

    def _deploy(self, source: str, name: str, args: tuple[Any, ...] = ()) -> Contract:
        built = compiled(source, name)
        entries = [entry for entry in built["abi"] if entry["type"] == "constructor"]
        types = _inputs(entries[0]) if entries else []
        address = self._create(bytes.fromhex(built["code"]) + encode(types, args))
        return Contract(self.tester, built["abi"], address)

    def _create(self, code: bytes) -> str:
        request = {"from": self.deployer, "to": "", "data": "0x" + code.hex(), "gas": DEPLOY_GAS}
        receipt = self.tester.get_transaction_receipt(self.tester.send_transaction(request))
        assert receipt["status"] == 1
        return str(to_checksum_address(receipt["contract_address"]))

    def _deploy_token(self) -> Contract:
        """Mint the cap: the reserve to the controller's future address, the rest to others."""
        controller = create_address(self.deployer, self.tester.get_nonce(self.deployer) + 2)
        holders = [controller, self.holder, self.deployer]
        amounts = [RESERVE_WEI, 150_000_000 * NVY, 250_000_000 * NVY]
        abi = contract_abi("ComputeToken")
        address = self._create(abi.encode_deployment((holders, amounts)))
        return Contract(self.tester, list(abi.functions.values()), address)

    # --- the clock ---

    def present(self) -> int:
        return int(self.tester.get_block_by_number("latest")["timestamp"]) // EPOCH_S

    def warp(self, epochs: int) -> None:
        """Mine a block in the middle of a later epoch."""
        self.tester.time_travel((self.present() + epochs) * EPOCH_S + EPOCH_S // 2)
        self.tester.mine_block()

    # --- both sides ---

    def both(self, act: Any, sender: str, function: str, *args: Any) -> bool:
        """Send a call and do ``act`` on the twin; return whether both granted it."""
        answer = self.emission.ask(function, *args, sender=sender)
        try:
            expected = act()
        except TwinRevert as refused:
            assert answer == (refused.name, tuple(_as_abi(v) for v in refused.values)), function
            return False
        outputs = self.emission.functions[function]["outputs"]
        assert not outputs or answer == expected, (function, answer, expected)
        self.emission.send(sender, function, *args)
        self.seen[function] += 1
        return True

    def compare(self, epochs: list[int]) -> None:
        """Assert that twin and contract hold the same."""
        ask, twin = self.emission.ask, self.twin
        books = (twin.reserve_wei, twin.reserved_wei, twin.delegated_wei, twin.paid_wei)
        views = ("reserveWei", "reservedWei", "delegatedWei", "paidWei")
        assert tuple(ask(view) for view in views) == books
        assert sum(books) == RESERVE_WEI
        balance_wei = self.token.ask("balanceOf", self.emission.address)
        assert balance_wei == RESERVE_WEI - twin.paid_wei
        assert ask("availBps") == twin.avail_bps
        assert ask("baselineWei") == twin.baseline_wei
        assert ask("lastEpoch") == twin.last_epoch
        for epoch in epochs:
            assert Epoch(*ask("epochOf", epoch)) == twin.epochs.get(epoch, Epoch()), epoch
            for provider in self.providers:
                expected = twin.weights.get((epoch, provider), Weight())
                assert Weight(*ask("weightOf", provider, epoch)) == expected


def _as_abi(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
