"""Each rule about an order refuses by itself, and at its bound it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.node.conftest import POLICY

from neurovoyance.chain.channels import ChannelRecord, RedemptionRecord, SideRecord
from neurovoyance.ipfs.cid import Cid
from neurovoyance.node.lending import Lend, Lending
from neurovoyance.node.task_book import Ledger
from neurovoyance.node.task_rules import TaskPolicy, refusal_of_order, refusal_of_spec
from neurovoyance.node.voucher_book import Standing
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.offer_exchange import RefusalCause
from neurovoyance.protocol.tasks import BatchOrder

PAYEE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
CLIENT = Address(PAYEE)
NOW_S = 1_800_000_000
TASKS = TaskPolicy(POLICY, 10**14, 100)
SPEC = JobSpec(model_id=bytes(32), input_cid=Cid.of(b"1").to_bytes(), max_runtime_s=2)
LEDGER = Ledger(40, 10, 30, False)


def order(**changes: Any) -> BatchOrder:
    values = {
        "channel_id": bytes(32),
        "payee": PAYEE,
        "tasks_hash": bytes(32),
        "count": 1,
        "start_wei": 40,
        "total_wei": 70,
        "expiry_s": NOW_S,
        "salt": bytes(32),
    }
    return BatchOrder.model_validate(values | changes)


def standing(closes_at_s: int = 0, allotted_wei: int = 110, is_closed: bool = False) -> Standing:
    return Standing(
        ChannelRecord(CLIENT, 600, closes_at_s),
        SideRecord(allotted_wei, 5, 627, 20, is_closed),
        RedemptionRecord(1, 0, 0, bytes(32)),
        NOW_S,
    )


NEEDED_WEI = 20 * (110 - 5 - 1)


def cause_of(
    wanted: BatchOrder, ledger: Ledger = LEDGER, at: Standing | None = None, stake: int = NEEDED_WEI
) -> RefusalCause | None:
    found = refusal_of_order(TASKS, wanted, ledger, at or standing(), free_stake_wei=stake)
    return None if found is None else found.cause


def test_an_order_at_every_bound_is_taken() -> None:
    assert cause_of(order()) is None


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"at": standing(closes_at_s=NOW_S + 9)}, RefusalCause.CLIENT),
        ({"at": standing(is_closed=True)}, RefusalCause.CLIENT),
        ({"at": standing(allotted_wei=109)}, RefusalCause.PRICE),
        ({"wanted": order(expiry_s=NOW_S - 1)}, RefusalCause.TIME),
        ({"wanted": order(expiry_s=NOW_S + 1_201)}, RefusalCause.TIME),
        ({"ledger": replace(LEDGER, is_busy=True)}, RefusalCause.BUSY),
        ({"ledger": replace(LEDGER, owed_wei=41)}, RefusalCause.SPEC),
        ({"ledger": replace(LEDGER, exposed_wei=31)}, RefusalCause.PRICE),
        ({"stake": NEEDED_WEI - 1}, RefusalCause.STAKE),
    ],
)
def test_each_rule_refuses_by_itself(changes: dict[str, Any], cause: RefusalCause) -> None:
    assert cause_of(**({"wanted": order()} | changes)) is cause


def test_the_price_of_a_task() -> None:
    assert TASKS.price_wei(2) == 10**14 + 2 * 10**15
    assert replace(TASKS, base_price_wei=0).price_wei(0) == 1
    lends = replace(POLICY, lending=Lending(Lend.VOLUNTEER, frozenset({CLIENT})))
    assert replace(TASKS, jobs=lends).price_wei(9) == 1


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        (replace(TASKS, credit_wei=0), {}),
        (TASKS, {"client_key": b"\1" * 32}),
        (TASKS, {"job_class": JobClass.TRAINING}),
        (TASKS, {"max_runtime_s": 3_601}),
    ],
)
def test_tasks_that_are_not_for_this_node(policy: TaskPolicy, changes: dict[str, Any]) -> None:
    assert refusal_of_spec(TASKS, SPEC, CLIENT) is None
    assert refusal_of_spec(policy, SPEC.model_copy(update=changes), CLIENT) is not None
