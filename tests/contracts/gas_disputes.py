"""Measure a whole dispute of a TENSOR job with seven referees, one vote each.

Place: a step of ``gas_operations``; the same rules. The model has 128 operators and one verify
tensor. "dispute, whole" is every transaction from the challenge to the booked slash.
"""

from __future__ import annotations

from typing import Any, Final

from eth_abi.abi import encode
from web3 import Web3

NVY: Final = 10**18
POOL: Final = b"referees".ljust(12, b"\0")
ROWS: Final = 128
VERIFY_ROW: Final = 127
OWNERS: Final = 40
REFEREES: Final = 7
SALT: Final = b"\x6c" * 32
GUILTY: Final = 1
_ROW_TYPE: Final = "(uint32,bytes32,int8,bytes32[2])"


def _row(index: int) -> tuple[Any, ...]:
    return (index, Web3.keccak(index), 3, [Web3.keccak(1_000 + index), Web3.keccak(2_000 + index)])


def _levels() -> list[list[bytes]]:
    """Return the tree of the trace, leaves first."""
    leaves = [Web3.keccak(Web3.keccak(encode([_ROW_TYPE], [_row(i)]))) for i in range(ROWS)]
    levels = [[bytes(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        pairs = zip(levels[-1][::2], levels[-1][1::2], strict=True)
        levels.append([bytes(Web3.keccak(b"".join(sorted(pair)))) for pair in pairs])
    return levels


def _proof(levels: list[list[bytes]], index: int) -> list[bytes]:
    return [level[(index >> depth) ^ 1] for depth, level in enumerate(levels[:-1])]


def _document() -> bytes:
    rows_hash = Web3.keccak(encode(["uint32[]"], [[VERIFY_ROW]]))[:20]
    terms = (10**9).to_bytes(8) + POOL + bytes(12) + ROWS.to_bytes(4) + rows_hash
    return b'{"$terms":"0x' + terms.hex().encode() + b'","name":"dispute"}'


def _owner(number: int) -> str:
    return str(Web3.to_checksum_address(Web3.keccak(b"referee" + bytes([number]))[-20:]))


def _seat_referees(m: Any) -> None:
    """Seat forty owners, each its own operator, in a pool of their own."""
    for number in range(OWNERS):
        owner = _owner(number)
        m.w3.provider.make_request("anvil_setBalance", [owner, hex(10**20)])
        m.w3.provider.make_request("anvil_impersonateAccount", [owner])
        m.send(m.deployer, m.token.functions.transfer(owner, 2_000 * NVY))
        m.send(owner, m.token.functions.approve(m.stakes.address, 2_000 * NVY))
        m.send(owner, m.stakes.functions.register(owner, "http://127.0.0.1:8802"))
        m.send(owner, m.stakes.functions.stake(2_000 * NVY))
        m.send(owner, m.stakes.functions.takeSeats(POOL, 1))
    m.pass_time(60)  # blocks share seconds; every seat is to be live in the second of a dispute


def _challenged(m: Any, operator: str, opening: dict[str, Any]) -> tuple[int, tuple[Any, ...]]:
    """Challenge a revealed job as ``m.other``; return the gas and the facts."""
    while True:  # a few in a hundred are audited
        job_id = m.committed()
        m.send(operator, m.market.functions.drawAndReveal(job_id, opening))
        (event,) = m.market.events.SeedDrawn().get_logs(from_block="latest")
        if not event["args"]["audited"]:
            break
    shown = {**opening, "seed0": event["args"]["seed0"]}
    zero = "0x" + "00" * 20
    none = (bytes(32),) * 4 + (zero, zero, 0, 0, 0, bytes(12), 0, 0, 0, 0, 0)
    call = m.disputes.functions.challenge(job_id, 0, m.spec, m.last_salt, shown, none)
    gas = m.send(m.other, call)
    (opened,) = m.disputes.events.DisputeOpened().get_logs(from_block="latest")
    return gas, tuple(opened["args"]["facts"].values())


def _pointed(m: Any, facts: tuple[Any, ...], proof: list[bytes]) -> tuple[int, int, list[str]]:
    """Point and draw until seven different owners were drawn; return both gas figures.

    The last seat is read before the draw, so that drawing it too would be cheaper than others.
    """
    f = m.disputes.functions
    for _ in range(50):
        snapshot = m.w3.provider.make_request("evm_snapshot", [])["result"]
        pointed = m.send(m.other, f.point(facts, 0, _row(2), proof))
        m.mine(3)
        drawn = m.send(m.other, f.drawReferees(facts))
        (event,) = m.disputes.events.RefereesDrawn().get_logs(from_block="latest")
        owners = list(event["args"]["owners"])
        if len(owners) == REFEREES and _owner(OWNERS - 1) not in owners:
            return pointed, drawn, owners
        m.w3.provider.make_request("evm_revert", [snapshot])
        m.mine(1)
    raise RuntimeError("No draw found seven owners.")


def _vote_hash(dispute_id: int, owner: str) -> bytes:
    types = ["string", "uint256", "uint256", "address", "uint256", "bytes32"]
    return bytes(Web3.keccak(encode(types, ["NVY/vote/1", dispute_id, 0, owner, GUILTY, SALT])))


def disputing(m: Any, operator: str, opening: dict[str, Any]) -> None:
    """Hold one dispute to its conviction.

    Args:
        m: the market with its courts, and a provider with a long record.
        operator: of the provider.
        opening: what the provider commits to.
    """
    _seat_referees(m)
    document = _document()
    m.send(m.deployer, m.registry.functions.register(document))
    m.spec["modelId"] = Web3.keccak(document)
    m.record_passes(100)
    m.send(m.deployer, m.token.functions.transfer(m.other, 1_000 * NVY))
    m.send(m.other, m.token.functions.approve(m.market.address, 1_000 * NVY))
    m.send(m.other, m.market.functions.deposit(1_000 * NVY))
    f, levels = m.disputes.functions, _levels()
    _challenged(m, operator, opening)  # the court's balance is steady from here on
    gas: dict[str, int] = {}
    gas["challenge"], facts = _challenged(m, operator, opening)
    z = [(1 << 24).to_bytes(4) * 8] * 4
    rows, proofs = [_row(VERIFY_ROW)], [_proof(levels, VERIFY_ROW)]
    cid = b"\x01\x55\x1e\x20" + b"\x3d" * 32
    trace = f.postTrace(facts, levels[-1][0], cid, [VERIFY_ROW], rows, proofs, z, z)
    gas["postTrace"] = m.send(operator, trace)
    gas["point"], gas["drawReferees, seven"], owners = _pointed(m, facts, _proof(levels, 2))
    whole = sum(gas.values())
    for owner in owners:
        used = m.send(owner, f.commitVote(facts, owner, _vote_hash(facts[0], owner)))
        gas.setdefault("commitVote", used)
        whole += used
    for owner in owners:
        used = m.send(owner, f.revealVote(facts, owner, GUILTY, SALT))
        gas.setdefault("revealVote", used)
        whole += used
    m.pass_time(1_801)
    gas["advance, guilty"] = m.send(m.other, f.advance(facts))
    gas["dispute, whole"] = whole + gas["advance, guilty"]
    m.pass_time(172_801)
    m.send(m.other, m.stakes.functions.finalizeSlash(facts[1]))
    m.send(m.other, f.closeReferee(facts, 0, 0))
    gas["closeReferee"] = m.send(m.other, f.closeReferee(facts, 0, 1))
    m.gas |= gas
