"""A second opinion is independent of the first, within the bound, and as cheap as can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain.channels import RedemptionRecord, SideRecord
from neurovoyance.client.channels import PayeeView
from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.nodes import Node
from neurovoyance.client.second_opinion import second_of
from neurovoyance.client.task_choice import Payee
from neurovoyance.matching.candidates import Wanted
from neurovoyance.matching.independence import network_of
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.tasks import TaskTerms

WANTED = Wanted(
    model_id=bytes(32), job_class=JobClass.EXACT, max_runtime_s=2, max_price_wei=50, seed=b"s"
)


def owner(number: int) -> str:
    return Address(f"0x{number:040x}")


def payee(number: int, price_wei: int = 10, host: str = "127.0.0.1") -> Payee:
    terms = TaskTerms(
        base_price_wei=price_wei, price_per_second_wei=0, credit_wei=100, max_runtime_s=9,
        owed_wei=0, promised_wei=0, exposed_wei=0,
    )  # fmt: skip
    side = SideRecord(1_000, 0, 627, 20, False)
    view = PayeeView(owner(number), side, RedemptionRecord(0, 0, 0, bytes(32)), 0)
    return Payee(bytes(32), view, Node(owner(number), f"http://{host}:1"), terms, 1, 0, 0)


def operators(*letters: str) -> dict[str, str]:
    return {owner(number): letter for number, letter in enumerate(letters, 1)}


def test_who_shares_something_is_passed_over_and_told() -> None:
    others = [payee(2, 1), payee(3, 2, "8.8.4.9"), payee(4, 4, "9.9.9.9"), payee(5, 3, "1.1.1.1")]
    first = payee(1, 99, "8.8.4.4")
    found = second_of(first, others, operators("a", "a", "b", "c", "d"), WANTED)
    assert found.address == owner(5)
    assert f"another owner and operator and network than {owner(1)}" in found.why
    assert f"{owner(2)} shares its operator with {owner(1)}" in found.why
    assert f"{owner(3)} shares its network with {owner(1)}" in found.why
    assert owner(4) not in found.why


def test_what_is_not_known_is_not_claimed() -> None:
    found = second_of(payee(1), [payee(2)], operators("a", "b"), WANTED)
    assert found.why == f"it has another owner and operator than {owner(1)}"


def test_a_refusal_names_every_reason() -> None:
    with pytest.raises(TasksRefused, match="no other one") as caught:
        second_of(payee(1), [], operators("a"), WANTED)
    with pytest.raises(TasksRefused, match="shares its operator") as caught:
        second_of(payee(1), [payee(2), payee(3, 51)], operators("a", "a", "c"), WANTED)
    assert f"{owner(3)} asks" in caught.value.message
    assert owner(1) + " asks" not in caught.value.message
    assert "--check-at" in caught.value.hint


some = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from("abc"), st.sampled_from(["8.8.4.4", "9.9.9.9"])),
    min_size=1,
    max_size=8,
)


@given(some)
def test_the_cheapest_independent_one_is_taken(facts: list[tuple[int, str, str]]) -> None:
    made = [payee(number, price, host) for number, (price, _, host) in enumerate(facts, 1)]
    held = operators(*(letter for _, letter, _ in facts))

    def free(one: Payee) -> bool:
        networks = {network_of(item.node.endpoint) for item in (one, made[0])}
        return held[one.address] != held[made[0].address] and len(networks) == 2

    fit = [one for one in made[1:] if free(one) and one.terms.base_price_wei <= 50]
    try:
        found = second_of(made[0], made[1:], held, WANTED)
    except TasksRefused:
        assert not fit
        return
    [second] = [one for one in fit if one.address == found.address]
    assert second.terms.base_price_wei == min(one.terms.base_price_wei for one in fit)
