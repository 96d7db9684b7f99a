"""A market on a fresh Anvil, of which ``gas_operations`` measures every operation.

Place: under ``gas_operations``, ``gas_economy`` and ``gas_governance``, which share its Anvil.
"""

from __future__ import annotations

import json
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from web3 import HTTPProvider, Web3

ROOT = Path(__file__).resolve().parents[2]
ABI_DIR = ROOT / "protocol" / "neurovoyance" / "chain" / "abi"
ANVIL = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
NVY = 10**18
TX_GAS = 2_000_000
WINDOW_S = 1_800
REVEALED = 4
ZERO_ADDRESS = "0x" + "00" * 20
NO_ECONOMY = (ZERO_ADDRESS,) * 6
POOL = b"gas pool".ljust(12, b"\0")
AUDIT_POOL = b"audit pool".ljust(12, b"\0")
RE_AUDIT_BPS = 500
AUDIT_SLACK_S = 300
DOCUMENT = (
    b'{"$terms":"0x'
    + ((10**9).to_bytes(8) + POOL + bytes(12) + (10).to_bytes(4) + b"\x77" * 20).hex().encode()
    + b'","name":"gas"}'
)
ENVELOPE_CID = bytes([1, 0x55, 0x1E, 32]) + b"\xe1" * 32
OPERATOR = Account.from_key("0x" + "0b" * 32)
OPENING = {
    "seed0": b"\0" * 32,
    "outRoot": b"\x17" * 32,
    "envelopeCid": ENVELOPE_CID,
    "resultKey": b"\x23" * 32,
    "shift": -3,
    "salt": b"\x5a" * 32,
}
SPEC = {
    "modelId": b"\xa1" * 32,
    "inputCid": bytes([1, 0x55, 0x1E, 32]) + b"\xc3" * 32,
    "jobClass": 1,
    "batch": 8,
    "seed": b"\0" * 32,
    "declaredGain": 0,
    "maxRuntime": 600,
    "window": WINDOW_S,
    "clientKey": b"\xb2" * 32,
    "auditSlots": 1,
}
OFFER_TYPES = {
    "Offer": [
        {"name": "provider", "type": "address"},
        {"name": "client", "type": "address"},
        {"name": "specHash", "type": "bytes32"},
        {"name": "price", "type": "uint96"},
        {"name": "lock", "type": "uint96"},
        {"name": "validUntil", "type": "uint64"},
        {"name": "nonce", "type": "uint256"},
    ]
}


PERMIT_TYPES = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}
DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


@contextmanager
def anvil() -> Iterator[Web3]:
    """Run Anvil on a free loopback port and end it afterwards."""
    command = [str(ANVIL), "--port", "0", "--hardfork", "cancun", "--timestamp", "1800000000"]
    process = subprocess.Popen(
        [*command, "--block-base-fee-per-gas", "1", "--no-request-size-limit"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Listening on "):
                break
        else:
            raise RuntimeError("Anvil did not start:\n" + "".join(lines))
        # Anvil logs every request; a full pipe would stop it.
        Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
        provider = HTTPProvider("http://" + line.removeprefix("Listening on ").strip())
        yield Web3(provider)
    finally:
        process.terminate()
        process.communicate()


class Market:
    """The deployed contracts, a client, a provider, and what each measured call used."""

    def __init__(self, w3: Any, *, has_audits: bool = False) -> None:
        self.w3 = w3  # a Web3, whose stubs know neither Anvil's methods nor plain strings
        self.gas: dict[str, int] = {}
        self._next_salt = 0
        self._next_nonce = 0
        self.spec = dict(SPEC)
        accounts: list[str] = list(self.w3.eth.accounts)
        self.deployer, self.client, self.provider, self.other = accounts[:4]
        self.token = self._deploy("ComputeToken", [self.deployer], [10**9 * NVY])
        beacon = self._deploy("BlockHashBeacon")
        nonce = self.w3.eth.get_transaction_count(self.deployer)
        market_address = self._create_address(nonce + 1)
        courts = [ZERO_ADDRESS, ZERO_ADDRESS]
        if has_audits:
            courts = [self._create_address(nonce + 3), self._create_address(nonce + 4)]
        self.stakes = self._deploy(
            "StakeManager", self.token.address, market_address, self.other, *courts, NO_ECONOMY
        )
        self.market = self._deploy(
            "JobMarket",
            self.token.address,
            self.stakes.address,
            beacon.address,
            *courts,
            NO_ECONOMY,
        )
        assert self.market.address == market_address
        if has_audits:
            self._deploy_audits(courts, beacon.address)
        self.w3.provider.make_request("anvil_setBalance", [OPERATOR.address, hex(10**20)])
        self.w3.provider.make_request("anvil_impersonateAccount", [OPERATOR.address])
        for holder in (self.client, self.provider):
            self.send(self.deployer, self.token.functions.transfer(holder, 100_000 * NVY))
        for holder, spender in ((self.client, self.market), (self.provider, self.stakes)):
            approve = self.token.functions.approve(spender.address, 50_000 * NVY)
            self.send(holder, approve)
            # Both contracts hold somebody's tokens already, as they will nearly always.
            self.send(self.deployer, self.token.functions.transfer(spender.address, 1))

    def _deploy_audits(self, courts: list[str], beacon: str) -> None:
        """Registry and courts; one auditor is enough, every probability is the economic one."""
        self.registry = self._deploy("ModelRegistry", self.token.address, self.deployer, 0)
        self.audits = self._deploy(
            "AuditCourt",
            self.market.address,
            self.stakes.address,
            self.registry.address,
            courts[1],
            (200, 0, 1, 1),
            ZERO_ADDRESS,
        )
        assert self.audits.address == courts[0]
        self.disputes = self._deploy(
            "DisputeCourt",
            self.market.address,
            self.stakes.address,
            self.registry.address,
            self.audits.address,
            beacon,
        )
        assert self.disputes.address == courts[1]
        self.send(self.deployer, self.token.functions.approve(self.registry.address, 1_000 * NVY))
        self.send(self.deployer, self.registry.functions.register(DOCUMENT))
        self.spec["modelId"] = Web3.keccak(DOCUMENT)
        self.record_passes(100)

    def record_passes(self, passes: int) -> None:
        """Give the provider a long record; a hundred real audits would measure nothing more."""
        model = self.spec["modelId"]
        for base in range(32):
            outer = Web3.keccak(encode(["address", "uint256"], [self.provider, base]))
            place = Web3.keccak(model + outer).hex()
            target = [self.audits.address, "0x" + place, "0x" + passes.to_bytes(32).hex()]
            self.w3.provider.make_request("anvil_setStorageAt", target)
            if self.audits.functions.streakOf(self.provider, model).call() == passes:
                return
            target[2] = "0x" + bytes(32).hex()
            self.w3.provider.make_request("anvil_setStorageAt", target)
        raise RuntimeError("The AuditCourt keeps its streaks elsewhere.")

    def _create_address(self, nonce: int) -> str:
        length = (nonce.bit_length() + 7) // 8
        item = bytes([nonce]) if nonce < 0x80 else bytes([0x80 + length]) + nonce.to_bytes(length)
        body = b"\x94" + bytes.fromhex(self.deployer[2:]) + item
        return Web3.to_checksum_address(Web3.keccak(bytes([0xC0 + len(body)]) + body)[-20:])

    def _deploy(self, name: str, *args: object) -> Any:
        exported = json.loads((ABI_DIR / f"{name}.json").read_text())
        factory = self.w3.eth.contract(abi=exported["abi"], bytecode=exported["bytecode"])
        sent = factory.constructor(*args).transact({"from": self.deployer, "gas": 20_000_000})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, name
        return self.w3.eth.contract(address=receipt["contractAddress"], abi=exported["abi"])

    def send(self, sender: str, call: Any) -> int:
        """Send from an account that Anvil signs for; return the gas used by the success."""
        sent = call.transact({"from": sender, "gas": TX_GAS, "gasPrice": 10**9})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, call.fn_name
        return int(receipt["gasUsed"])

    def measure(self, name: str, sender: str, call: Any) -> None:
        """Send and write the gas down under ``name``."""
        assert name not in self.gas, name
        self.gas[name] = self.send(sender, call)

    def mine(self, blocks: int) -> None:
        """Let blocks pass."""
        self.w3.provider.make_request("anvil_mine", [hex(blocks)])

    def pass_time(self, seconds: int) -> None:
        """Let time pass."""
        self.w3.provider.make_request("evm_increaseTime", [hex(seconds)])
        self.mine(1)

    def now(self) -> int:
        """Return the time of the latest block in unix seconds."""
        return int(self.w3.eth.get_block("latest")["timestamp"])

    # --- steps of a job ---

    def open_call(self) -> tuple[Any, bytes]:
        """Return the call that takes a freshly signed offer, and the id of its job."""
        self.last_salt = salt = Web3.keccak(self._next_salt)
        self._next_salt += 1
        spec_hash = self.market.functions.specHashOf(self.spec).call()
        offer = {
            "provider": self.provider,
            "client": self.client,
            "specHash": spec_hash,
            "price": NVY,
            "lock": 20 * NVY,
            "validUntil": self.now() + 300,
            "nonce": self._next_nonce,
        }
        self._next_nonce += 1
        domain = {
            "name": "Neurovoyance JobMarket",
            "version": "1",
            "chainId": self.w3.eth.chain_id,
            "verifyingContract": self.market.address,
        }
        signed = OPERATOR.sign_message(encode_typed_data(domain, OFFER_TYPES, offer))
        job_id = self.market.functions.jobIdOf(self.client, salt, spec_hash).call()
        return self.market.functions.open(self.spec, salt, offer, signed.signature), job_id

    def permit(self, amount_wei: int) -> tuple[int, int, int, bytes, bytes]:
        """Return the arguments of a deposit by a permit that the client's account signs."""
        deadline_s = self.now() + 3_600
        typed = {
            "types": {**PERMIT_TYPES, "EIP712Domain": DOMAIN_TYPE},
            "primaryType": "Permit",
            "domain": {
                "name": self.token.functions.name().call(),
                "version": "1",
                "chainId": self.w3.eth.chain_id,
                "verifyingContract": self.token.address,
            },
            "message": {
                "owner": self.client,
                "spender": self.market.address,
                "value": amount_wei,
                "nonce": self.token.functions.nonces(self.client).call(),
                "deadline": deadline_s,
            },
        }
        signed = self.w3.provider.make_request("eth_signTypedData_v4", [self.client, typed])
        raw = bytes.fromhex(signed["result"][2:])
        return amount_wei, deadline_s, raw[64], raw[:32], raw[32:64]

    def open(self) -> bytes:
        """Open a job by offer; return its id."""
        call, job_id = self.open_call()
        self.send(self.client, call)
        return job_id

    def commit_call(self, job_id: bytes) -> Any:
        """Return the call that commits to :data:`OPENING`."""
        types = ["string", "uint256", "address", "bytes32", "address", "bytes32", "bytes32"]
        commitment = Web3.keccak(
            encode(
                [*types, "bytes32", "int8", "bytes32"],
                [
                    "NVY/commit/1",
                    self.w3.eth.chain_id,
                    self.market.address,
                    job_id,
                    self.provider,
                    OPENING["outRoot"],
                    Web3.keccak(ENVELOPE_CID),
                    Web3.keccak(encode(["bytes32"], [OPENING["resultKey"]])),
                    OPENING["shift"],
                    OPENING["salt"],
                ],
            )
        )
        return self.market.functions.commit(job_id, commitment, OPENING["shift"], ENVELOPE_CID)

    def committed(self) -> bytes:
        """Return a committed job whose round is ready."""
        job_id = self.open()
        self.send(OPERATOR.address, self.commit_call(job_id))
        self.mine(3)
        return job_id

    def revealed(self) -> bytes:
        """Return a job inside its challenge window, for which no audit was drawn."""
        while True:
            job_id = self.committed()
            self.send(OPERATOR.address, self.market.functions.drawAndReveal(job_id, OPENING))
            if self.market.functions.stateOf(job_id).call() == REVEALED:
                return job_id

    def lapsed(self) -> bytes:
        """Return a job whose audit is certain, because its first round lapsed."""
        job_id = self.open()
        self.send(OPERATOR.address, self.commit_call(job_id))
        self.mine(300)
        self.send(OPERATOR.address, self.market.functions.draw(job_id))
        self.mine(3)
        return job_id
