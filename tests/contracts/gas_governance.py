"""Measure votes and governors as whole transactions on a fresh Anvil.

The same rules as ``gas_operations``; :func:`proposal` is a step of ``check_gas``. Run by itself it
prints the table of ADR 0017, whose harness comes from Hardhat's output (``npx hardhat build``,
tests included), and the gas of a proposal's life:

    python tests/contracts/gas_governance.py [folder of artifacts]

For the first, a hundred accounts each move once a week, at some second of it, as providers who
harvest do: two in five delegate to themselves, two in five to one of them, one to nobody.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from gas_market import ABI_DIR, ROOT, TX_GAS, anvil
from web3 import Web3

NVY: Final = 10**18
DAY_S: Final = 86_400
WEEKS: Final = 3
ACCOUNTS: Final = 100
TICKS_S: Final = {"1 s": 1, "1 h": 3_600, "1 d": DAY_S, "7 d": 7 * DAY_S}
ZERO: Final = "0x" + "00" * 20
VOTER: Final = Account.from_key("0x" + "0c" * 32)
BALLOT: Final = {
    "Ballot": [
        {"name": "proposalId", "type": "uint256"},
        {"name": "support", "type": "uint8"},
        {"name": "voter", "type": "address"},
        {"name": "nonce", "type": "uint256"},
    ]
}


class Chain:
    """An Anvil, its accounts, and what was deployed on it.

    Args:
        w3: the Anvil.
        artifacts: Hardhat's output; None for the exported contracts, which lack harnesses.
    """

    def __init__(self, w3: Any, artifacts: Path | None = None) -> None:
        self.w3 = w3
        self._artifacts = artifacts
        accounts: list[str] = list(w3.eth.accounts)
        self.deployer, self.alice, self.bob, self.vault = accounts[:4]

    def deploy(self, path: str, *args: object) -> Any:
        """Deploy a contract of the build; ``path`` is its source without ``.sol``."""
        name = path.rsplit("/", 1)[1]
        folder = self._artifacts / f"{path}.sol" if self._artifacts else ABI_DIR
        built = json.loads((folder / f"{name}.json").read_text())
        factory = self.w3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
        sent = factory.constructor(*args).transact({"from": self.deployer, "gas": 20_000_000})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, path
        return self.w3.eth.contract(address=receipt["contractAddress"], abi=built["abi"])

    def send(self, sender: str, call: Any) -> int:
        """Return the gas used by a transaction that succeeds."""
        sent = call.transact({"from": sender, "gas": TX_GAS, "gasPrice": 10**9})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, call.fn_name
        return int(receipt["gasUsed"])

    def warp(self, time_s: int) -> None:
        """Mine a block at a unix second."""
        self.w3.provider.make_request("evm_setNextBlockTimestamp", [hex(time_s)])
        self.w3.provider.make_request("anvil_mine", ["0x1"])

    def now(self) -> int:
        """Return the time of the latest block in unix seconds."""
        return int(self.w3.eth.get_block("latest")["timestamp"])

    def address_of(self, nonce: int) -> str:
        """Return the address of the deployer's contract with a nonce under 128."""
        item = bytes([nonce]) if nonce else b"\x80"
        body = b"\x94" + bytes.fromhex(self.deployer[2:]) + item
        return str(Web3.to_checksum_address(Web3.keccak(bytes([0xC0 + len(body)]) + body)[-20:]))


def _account(number: int) -> str:
    return str(Web3.to_checksum_address(Web3.keccak(b"voter" + bytes([number]))[-20:]))


def _delegating(chain: Chain, votes: Any) -> dict[str, str]:
    """Return the group of every account after delegating: to itself, to one of them, to nobody."""
    groups = {}
    for number in range(ACCOUNTS):
        account = _account(number)
        group = ("self", "self", "shared", "shared", "nobody")[number % 5]
        groups[account] = group
        chain.send(chain.vault, votes.functions.move(account, 1_000 * NVY))
        if group != "nobody":
            chain.w3.provider.make_request("anvil_setBalance", [account, hex(10**20)])
            chain.w3.provider.make_request("anvil_impersonateAccount", [account])
            delegate = account if group == "self" else _account(2)
            chain.send(account, votes.functions.delegate(delegate))
    return groups


def weekly_moves(chain: Chain, tick_s: int) -> dict[str, int]:
    """Return the mean gas of a ``move`` in a transaction of its own, by whom it is delegated to."""
    votes = chain.deploy("tests/contracts/mocks/TickedVotes", chain.vault, chain.vault, tick_s)
    groups = _delegating(chain, votes)
    week_s = 7 * DAY_S
    start = (chain.now() // week_s + 1) * week_s
    used: dict[str, list[int]] = {"self": [], "shared": [], "nobody": []}
    for week in range(WEEKS):
        moments = []
        for account in groups:
            seed = Web3.keccak(bytes.fromhex(account[2:]) + bytes([week]))
            moments.append((int.from_bytes(seed) % (week_s - 10) + 5, account))
        for moment, account in sorted(moments):
            chain.warp(max(start + week * week_s + moment, chain.now() + 1))
            gas = chain.send(chain.vault, votes.functions.move(account, 5 * NVY))
            if week:  # the first week makes steady what was zero before
                used[groups[account]].append(gas)
    return {group: sum(gas) // len(gas) for group, gas in used.items()}


def _governance(chain: Chain) -> tuple[Any, Any, Any]:
    first = chain.w3.eth.get_transaction_count(chain.deployer)
    a = [chain.address_of(first + i) for i in range(4)]
    votes = chain.deploy("contracts/governance/VotingPower", chain.vault, chain.vault)
    params = chain.deploy("contracts/governance/ProtocolParams", a[2], ZERO, ZERO, ZERO, ZERO)
    chain.deploy("contracts/governance/ProtocolTimelock", a[3], a[1], False)
    allowed = [(a[1], b"\0" * 4)]
    args = (a[0], a[2], a[1], chain.bob, allowed)
    return votes, params, chain.deploy("contracts/governance/StandardGovernor", *args)


def _signed(chain: Chain, governor: Any, proposal_id: int) -> bytes:
    domain = {
        "name": "NVY Standard Governor",
        "version": "1",
        "chainId": chain.w3.eth.chain_id,
        "verifyingContract": governor.address,
    }
    ballot = {"proposalId": proposal_id, "support": 1, "voter": VOTER.address, "nonce": 0}
    return bytes(VOTER.sign_message(encode_typed_data(domain, BALLOT, ballot)).signature)


def proposal(chain: Chain) -> dict[str, int]:
    """Return gas of each step of a proposal to set one parameter, the second of its kind."""
    votes, params, governor = _governance(chain)
    small = [_account(0), _account(1)]
    holders = [chain.alice, chain.bob, chain.deployer, VOTER.address, *small]
    for holder in holders:
        units = (1 if holder in small else 10_000_000) * NVY
        chain.send(chain.vault, votes.functions.move(holder, units))
        chain.w3.provider.make_request("anvil_setBalance", [holder, hex(10**20)])
        chain.w3.provider.make_request("anvil_impersonateAccount", [holder])
        chain.send(holder, votes.functions.delegate(holder))
    for day in range(30):  # the total has a checkpoint a day
        chain.warp(chain.now() + DAY_S)
        chain.send(chain.vault, votes.functions.move(holders[day % 4], NVY))
    gas: dict[str, int] = {}
    f = governor.functions
    for value in (440, 460):
        data = params.encode_abi("set", [b"burnBps".ljust(32, b"\0"), value])
        text = f"set burnBps to {value}: more fees should be burned while supply grows"
        call = ([params.address], [0], [data])
        gas["propose"] = chain.send(chain.alice, f.propose(*call, text))
        key = (*call, Web3.keccak(text=text))
        proposal_id = f.hashProposal(*key).call()
        chain.warp(f.proposalSnapshot(proposal_id).call() + DAY_S)
        gas["vote, the first"] = chain.send(small[0], f.castVote(proposal_id, 1))
        gas["vote, before the quorum"] = chain.send(small[1], f.castVote(proposal_id, 1))
        gas["vote, reaching the quorum"] = chain.send(chain.bob, f.castVote(proposal_id, 1))
        if value == 440:
            signature = _signed(chain, governor, proposal_id)
            by_signature = f.castVoteBySig(proposal_id, 1, VOTER.address, signature)
            gas["vote by signature"] = chain.send(chain.deployer, by_signature)
        else:
            gas["vote"] = chain.send(chain.deployer, f.castVote(proposal_id, 1))
        chain.warp(f.proposalDeadline(proposal_id).call() + DAY_S)
        gas["queue"] = chain.send(chain.bob, f.queue(*key))
        chain.warp(f.proposalEta(proposal_id).call())
        gas["execute"] = chain.send(chain.bob, f.execute(*key))
    return gas


def measure_governance() -> dict[str, int]:
    """Return gas used per step of a proposal."""
    with anvil() as w3:
        return proposal(Chain(w3))


def main() -> int:
    """Print both tables."""
    artifacts = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "artifacts"
    for name, tick_s in TICKS_S.items():
        with anvil() as w3:
            for step, used in weekly_moves(Chain(w3, artifacts), tick_s).items():
                print(f"tick {name}, delegated to {step:<17}{used:>9,}")
    with anvil() as w3:
        for step, used in proposal(Chain(w3)).items():
            print(f"{step:<30}{used:>9,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
