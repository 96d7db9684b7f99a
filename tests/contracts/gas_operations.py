"""Measure whole transactions on a fresh Anvil: 21,000 gas, calldata, refunds and all.

Deterministic: fixed accounts, fixed times, one transaction a block, hard fork Cancun. Every figure
is ``gasUsed`` of a receipt. "Steady" means that the balances touched were not zero before. Names
that end in "audits on" are of a market with the real AuditCourt and a registered model.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from eth_abi.abi import encode
from gas_disputes import disputing
from gas_market import (
    AUDIT_POOL,
    AUDIT_SLACK_S,
    DOCUMENT,
    NVY,
    OPENING,
    OPERATOR,
    POOL,
    RE_AUDIT_BPS,
    WINDOW_S,
    Market,
    anvil,
)
from web3 import Web3


def _client_money(m: Market) -> None:
    f = m.market.functions
    m.measure("deposit first", m.client, f.deposit(1_000 * NVY))
    m.measure("deposit", m.client, f.deposit(1_000 * NVY))
    m.measure("withdraw", m.client, f.withdraw(10 * NVY))


def _staking(m: Market) -> None:
    f = m.stakes.functions
    m.send(m.deployer, m.token.functions.approve(m.stakes.address, 10_000 * NVY))
    m.send(m.deployer, f.register(m.deployer, "http://127.0.0.1:8899"))
    m.send(m.deployer, f.stake(10_000 * NVY))  # somebody has stake already
    m.measure("register", m.provider, f.register(OPERATOR.address, "http://127.0.0.1:8800"))
    m.measure("stake first", m.provider, f.stake(10_000 * NVY))
    m.measure("stake the second time", m.provider, f.stake(5_000 * NVY))
    m.measure("stake again", m.provider, f.stake(5_000 * NVY))
    m.measure("requestUnbonding first", m.provider, f.requestUnbonding(NVY))
    m.measure("requestUnbonding", m.provider, f.requestUnbonding(NVY))
    m.pass_time(22 * 86_400)
    m.measure("withdrawUnbonded", m.provider, f.withdrawUnbonded())


def _hiring_in_one(m: Market) -> None:
    f = m.market.functions
    m.measure("depositWithPermit", m.client, f.depositWithPermit(*m.permit(NVY)))
    taken = m.open_call()[0].args
    m.measure("openWithPermit", m.client, f.openWithPermit(m.permit(NVY), *taken))
    listed = (m.spec, b"\x04" * 32, 2 * NVY, NVY, m.now() + 3_600, "http://127.0.0.1:8900/ipfs/")
    m.measure("postWithPermit", m.client, f.postWithPermit(m.permit(2 * NVY), *listed))


def _hiring(m: Market) -> None:
    f = m.market.functions
    call, _ = m.open_call()
    m.measure("open, first nonce", m.client, call)
    call, job_id = m.open_call()
    m.measure("open", m.client, call)
    m.measure("commit", OPERATOR.address, m.commit_call(job_id))
    call, invalid = m.open_call()
    m.send(m.client, call)
    declare = f.declareInvalid(invalid, m.spec, m.last_salt)
    m.measure("declareInvalid", OPERATOR.address, declare)
    m.measure("hand back", OPERATOR.address, f.cancel(m.open()))
    deadline = m.now() + 3_600
    terms = (2 * NVY, NVY, deadline, "http://127.0.0.1:8900/ipfs/")
    for name, salt in (("accept", b"\x01" * 32), ("cancel", b"\x02" * 32)):
        post = f.post(m.spec, salt, *terms)
        posted = f.jobIdOf(m.client, salt, f.specHashOf(m.spec).call()).call()
        if name == "accept":
            m.measure("post", m.client, post)
            accept = f.accept(posted, m.spec, salt, m.provider, NVY, 20 * NVY)
            m.measure("accept", OPERATOR.address, accept)
        else:
            m.send(m.client, post)
            m.measure("cancel", m.client, f.cancel(posted))


def _results(m: Market) -> None:
    f = m.market.functions
    operator = OPERATOR.address
    drawn = m.committed()
    m.measure("draw", operator, f.draw(drawn))
    (event,) = m.market.events.SeedDrawn().get_logs(from_block="latest")
    m.measure("reveal", operator, f.reveal(drawn, {**OPENING, "seed0": event["args"]["seed0"]}))
    m.send(m.client, f.confirm(drawn))  # the provider's earnings are steady from here on
    m.measure("drawAndReveal", operator, f.drawAndReveal(m.committed(), OPENING))
    m.measure("confirm", m.client, f.confirm(m.revealed()))
    jobs = [m.revealed() for _ in range(11)]
    m.pass_time(WINDOW_S + 1)
    m.measure("settle", operator, f.settle(jobs[0]))
    m.gas["settle each of 10"] = m.send(operator, f.settleBatch(jobs[1:])) // 10
    m.measure("harvest", m.provider, f.harvest(m.provider))


def _time_outs(m: Market) -> None:
    f = m.market.functions
    late = m.open()
    m.pass_time(1_321)
    m.send(m.other, f.expire(late))  # the insurance share is steady from here on
    unmatched = f.post(m.spec, b"\x03" * 32, NVY, 0, m.now() + 600, "")
    m.send(m.client, unmatched)
    listed = f.jobIdOf(m.client, b"\x03" * 32, f.specHashOf(m.spec).call()).call()
    late = m.open()
    m.pass_time(1_321)
    m.measure("expire, commit missed", m.other, f.expire(late))
    m.measure("expire, not taken", m.other, f.expire(listed))
    withheld = m.committed()
    m.pass_time(3_601)
    m.measure("expire, reveal missed", m.other, f.expire(withheld))
    m.measure("collectInsurance", m.other, m.stakes.functions.collectInsurance())


def _seats(m: Market) -> None:
    f = m.stakes.functions
    m.measure("takeSeats, first of a pool", m.provider, f.takeSeats(POOL, 1))
    m.measure("takeSeats, one", m.provider, f.takeSeats(POOL, 1))
    m.measure("takeSeats, five", m.provider, f.takeSeats(POOL, 5))
    m.measure("leaveSeats, one", m.provider, f.leaveSeats(POOL, [1]))


def _audits_on(m: Market) -> None:
    f = m.market.functions
    operator = OPERATOR.address
    m.send(m.client, f.deposit(1_000 * NVY))
    m.send(m.provider, m.stakes.functions.stake(2_000 * NVY))
    m.send(m.client, m.audits.functions.fundPool(100 * NVY))
    m.open()
    call, job_id = m.open_call()
    m.measure("open, audits on", m.client, call)
    m.measure("commit, audits on", operator, m.commit_call(job_id))
    salt = b"\x01" * 32
    post = f.post(m.spec, salt, 2 * NVY, NVY, m.now() + 3_600, "http://127.0.0.1:8900/ipfs/")
    m.measure("post, audits on", m.client, post)
    posted = f.jobIdOf(m.client, salt, f.specHashOf(m.spec).call()).call()
    accept = f.accept(posted, m.spec, salt, m.provider, NVY, 20 * NVY)
    m.measure("accept, audits on", operator, accept)
    m.measure("hand back, audits on", operator, f.cancel(m.open()))
    m.measure("draw, audited", operator, f.draw(m.lapsed()))
    m.send(m.client, f.confirm(m.revealed()))
    jobs = [m.revealed() for _ in range(11)]
    m.pass_time(WINDOW_S + 1)
    m.measure("settle, audits on", operator, f.settle(jobs[0]))
    batch = m.send(operator, f.settleBatch(jobs[1:]))
    m.gas["settle each of 10, audits on"] = batch // 10


def _auditor(m: Market) -> str:
    """Register a model of a pool with one auditor, its own operator; return its address."""
    owner = str(m.w3.eth.accounts[4])
    document = DOCUMENT.replace(POOL.hex().encode(), AUDIT_POOL.hex().encode())
    m.send(m.deployer, m.registry.functions.register(document))
    m.spec["modelId"] = Web3.keccak(document)
    m.send(m.deployer, m.token.functions.transfer(owner, 10_000 * NVY))
    m.send(owner, m.token.functions.approve(m.stakes.address, 10_000 * NVY))
    m.send(owner, m.stakes.functions.register(owner, "http://127.0.0.1:8801"))
    m.send(owner, m.stakes.functions.stake(10_000 * NVY))
    m.send(owner, m.stakes.functions.takeSeats(AUDIT_POOL, 10))
    m.pass_time(2)  # a seat counts from the second after
    return owner


def _opened(m: Market) -> tuple[int, bytes, dict[str, Any]]:
    """Draw and open an audit of a TENSOR job of one slot; return gas, job id and facts."""
    job_id = m.lapsed()
    (_, c0, _, _) = m.commit_call(job_id).args
    opening = m.audits.functions.drawAndOpen(job_id, m.spec, m.last_salt, c0)
    used = m.send(OPERATOR.address, opening)
    (event,) = m.audits.events.AuditOpened().get_logs(from_block="latest")
    return used, job_id, event["args"]["facts"]


def _audit_round(m: Market, auditor: str) -> dict[str, int]:
    """Audit a job to a pass; return the gas of every call."""
    f, gas = m.audits.functions, {}
    while True:
        gas["drawAndOpen"], job_id, facts = _opened(m)
        again = Web3.keccak(encode(["bytes32", "string", "uint256"], [facts["seed0"], "re", 0]))
        if int.from_bytes(again) % 10_000 >= RE_AUDIT_BPS:
            break  # one pass will do
    values = tuple(facts.values())
    z = [(1 << 24).to_bytes(4) * 8] * 4
    types = ["string", "uint256", "address", "bytes32", "uint256", "uint256", "address"]
    head = ["NVY/audit/1", m.w3.eth.chain_id, m.audits.address, job_id, 0, 0, auditor]
    salt = b"\x6b" * 32
    bound = encode([*types, "bytes32[4]", "uint256", "bytes32"], [*head, z, 0, salt])
    gas["commitAudit"] = m.send(auditor, f.commitAudit(values, 0, Web3.keccak(bound)))
    gas["answer"] = m.send(OPERATOR.address, f.answer(values, 0, z))
    gas["revealAudit, pass"] = m.send(auditor, f.revealAudit(values, 0, z, 0, salt, z))
    return gas


def _auditing(m: Market) -> None:
    auditor = _auditor(m)
    _audit_round(m, auditor)  # the auditor's earnings and lock are steady from here on
    m.gas |= _audit_round(m, auditor)
    for name in ("expireAudit, the auditor's first of an epoch", "expireAudit"):
        facts = _opened(m)[2]
        m.pass_time(4 * facts["maxRuntime"] + AUDIT_SLACK_S + 1)
        m.measure(name, m.other, m.audits.functions.expire(tuple(facts.values()), 0))


def _disputing(m: Market) -> None:
    disputing(m, OPERATOR.address, OPENING)


def measure_all() -> dict[str, int]:
    """Return gas used per named operation."""
    steps: tuple[Callable[[Market], None], ...] = (
        _staking,
        _client_money,
        _hiring,
        _hiring_in_one,
        _results,
        _time_outs,
    )
    gas: dict[str, int] = {}
    with anvil() as w3:
        market = Market(w3)
        for step in steps:
            step(market)
        gas |= market.gas
    with anvil() as w3:
        audited = Market(w3, has_audits=True)
        for step in (_staking, _seats, _audits_on, _auditing, _disputing):
            step(audited)
        gas |= {name: used for name, used in audited.gas.items() if name not in gas}
    return dict(sorted(gas.items()))


if __name__ == "__main__":
    print(json.dumps(measure_all(), indent=2))
