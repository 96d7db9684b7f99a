"""A result can be challenged while its window lasts and for a week after it was paid; no longer."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from tests.e2e.dapp.browser import OVERFLOW, settle
from tests.e2e.dapp.world import BANK
from tests.e2e.dapp_days.days import Days
from tests.e2e.dapp_days.visits import LONG_MS, exact

from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.audits import challenge_bond_of
from neurovoyance.tokenomics.params import default_of


def test_the_page_says_what_a_challenge_costs_while_there_can_be_one(tab: Tab, days: Days) -> None:
    text = days.compute()
    job_id, market = JobId(bytes.fromhex(text[2:])), days.contracts.market
    record = days.do(market.job(job_id))
    assert record.state is JobState.REVEALED
    tab.goto(f"/jobs/{text}")
    settle(tab)
    heading = tab.get_by_role("heading", name="Challenge the result")
    card = tab.locator("section").filter(has=heading)
    expect(
        card.get_by_text(f"neurovoyance audit challenge {text} --kind wrong-output")
    ).to_be_visible(timeout=LONG_MS)
    expect(card.get_by_role("button", name="Copy command for wrong-output")).to_be_visible()
    bond_wei = challenge_bond_of(record.price_wei)
    expect(card.get_by_title(exact(bond_wei), exact=True)).to_be_visible()
    expect(card).to_contain_text("the bond is lost")
    expect(card).to_contain_text("gets the price back")
    card.get_by_text("If something else is wrong").click()
    expect(card.get_by_text("--kind unavailable")).to_be_visible()
    assert tab.evaluate(OVERFLOW) == []

    days.pass_s(record.deadline_s - days.do(days.contracts.client.time_s()) + 1)
    with suppress(ContractRevert):  # a node may be quicker
        days.do(market.settle(BANK, job_id))
    assert days.do(market.job(job_id)).state is JobState.SETTLED
    expect(card).to_contain_text("was paid and does not return", timeout=LONG_MS)
    expect(card.get_by_text("--kind unavailable")).to_have_count(0)
    days.pass_s(default_of("lateWindowS"))
    expect(heading).to_have_count(0, timeout=LONG_MS)
