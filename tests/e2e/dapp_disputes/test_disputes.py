"""A liar is caught, and a node dies: what the page of the job says, held against the chain.

Chain time is moved past deadlines, nothing else is simulated.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from playwright.sync_api import Page as Tab
from tests.e2e.dapp.browser import Watch
from tests.e2e.dapp.faults import FaultyWallet
from tests.e2e.dapp.world import World
from tests.e2e.dapp_days.days import Days, new_wallet

from neurovoyance.cli.local_node import LocalNode
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy
from neurovoyance.verification.tolerance import Comparison

Visitor = tuple[BrowserContext, Watch]
LONG_MS = 120_000
FUNDS_WEI = nvy("3")
APPEAL_S, HOLD_S = 1_801, 172_801
SHARES = ("destroyed", "to the client", "to whoever found it", "to the judges")
PATIENCE_S = 31


@pytest.fixture
def wallet(visitor: Visitor, world: World, chain: Days) -> FaultyWallet:
    made = FaultyWallet(new_wallet().account, world.rpc_url)
    chain.fund(made.account.address, FUNDS_WEI)
    made.announce_in(visitor[0])
    return made


def start(node: LocalNode) -> None:
    """Start a node, and wait until it answers."""
    node.child.start()
    transport = httpx.HTTPTransport(retries=10)
    with httpx.Client(transport=transport, trust_env=False, timeout=90) as web:
        assert web.get(f"{node.url}/v1/status").status_code == 200


def hire(tab: Tab) -> JobId:
    button = tab.get_by_role("button", name="Hire for at most")
    expect(button).to_be_enabled(timeout=LONG_MS)
    button.click()
    tab.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()
    tab.wait_for_url("**/jobs/0x*", timeout=LONG_MS)
    return JobId(bytes.fromhex(tab.url.rsplit("/", 1)[1][2:]))


def card(tab: Tab, title: str) -> Locator:
    heading = tab.get_by_role("heading", name=title, exact=True)
    return tab.locator("section").filter(has=heading)


def amount_wei(tab: Tab, name: str) -> int:
    """The amount beside a name in the card of the money, every digit of it."""
    row = card(tab, "Money").locator("dl > div").filter(has=tab.get_by_text(name, exact=True))
    title = row.locator("[title$=' NVY']").get_attribute("title")
    assert title is not None
    return nvy(title.removesuffix(" NVY").replace(",", ""))


def events(world: World, job_id: JobId, name: str) -> list[dict[str, Any]]:
    """What the index has of a job's events of one name."""
    asked: dict[str, str | int] = {"subject": f"0x{job_id.hex()}", "limit": 200}
    url = f"{world.url}/v1/events"
    rows = httpx.get(url, params=asked, trust_env=False, timeout=60).json()["items"]
    return [row["data"] for row in rows if row["name"] == name]


def test_a_liar_is_disputed_and_the_page_tells_what_the_chain_decided(
    tab: Tab, wallet: FaultyWallet, world: World, chain: Days
) -> None:
    liar = world.network.nodes[-1]
    start(liar)
    me, stakes = wallet.account.address, chain.contracts.stakes
    before_wei = chain.do(stakes.stake_of(liar.owner.address)).own_wei
    tab.goto(f"/jobs/new?model={world.names['model']}&sample=1")
    wallet.connect(tab)
    # It has just started and may miss the page's first question; the page asks again each minute.
    offer = tab.get_by_role("radio", name=f"Offer of {liar.owner.address}")
    expect(offer).to_be_checked(timeout=LONG_MS)
    job_id = hire(tab)
    assert chain.do(chain.contracts.market.job(job_id)).provider == liar.owner.address
    dispute = tab.locator("section").filter(has_text="the output is wrong")
    expect(dispute.first).to_contain_text("Referees say", timeout=LONG_MS)
    expect(dispute.first).to_contain_text("guilty: the calculation is wrong")
    expect(tab.get_by_text("Referees decide about the result.")).to_be_visible()
    [opened] = events(world, job_id, "AuditOpened")
    for found in events(world, job_id, "AuditRevealed"):
        measured = Comparison(
            outcome=Outcome(found["outcome"]),
            distance_sq=int(found["distance_sq"]),
            norm_sq=int(found["norm_sq"]),
            tau_sq=int(opened["facts"]["tau_sq"]),
            flags=found["flags"],
        )
        assert measured.outcome is Outcome.FAIL
        expect(card(tab, "Verification")).to_contain_text(f"{measured.in_tau()} tau apart")
    chain.pass_s(APPEAL_S)
    state = card(tab, "State")
    expect(state).to_contain_text("The result was found wrong", timeout=LONG_MS)
    expect(tab.get_by_text("the provider was found guilty")).to_have_count(1, timeout=LONG_MS)
    assert chain.do(chain.contracts.market.job(job_id)).state is JobState.REJECTED
    assert amount_wei(tab, "Paid to the provider") == 0
    assert amount_wei(tab, "Back to the client") == amount_wei(tab, "Price")
    assert chain.do(chain.contracts.market.free_of_wei(me)) == amount_wei(tab, "Price")
    taken_wei = amount_wei(tab, "Taken from its stake")
    assert taken_wei == chain.do(stakes.held_slash_of(job_id)).amount_wei
    assert before_wei - chain.do(stakes.stake_of(liar.owner.address)).own_wei == taken_wei
    chain.pass_s(HOLD_S)
    expect(card(tab, "Money")).to_contain_text("to the judges", timeout=LONG_MS)
    shares = [amount_wei(tab, f"– {name}") for name in (*SHARES, "to the insurance fund")]
    assert sum(shares) == taken_wei
    liar.child.kill()


def test_a_node_that_dies_costs_its_client_nothing(
    tab: Tab, wallet: FaultyWallet, world: World, chain: Days
) -> None:
    dead: list[LocalNode] = []

    def kill(data: str) -> None:
        for node in world.network.honest:
            if node.owner.address[2:].lower() in data:
                node.child.kill()
                dead.append(node)

    tab.goto(f"/jobs/new?model={world.names['model']}&sample=1")
    wallet.connect(tab)
    wallet.afterwards = kill
    job_id = hire(tab)
    wallet.afterwards = None
    me, market = wallet.account.address, chain.contracts.market
    spent_wei = FUNDS_WEI - chain.do(chain.contracts.token.balance_of_wei(me))
    state = card(tab, "State")
    expect(state).to_contain_text("The provider computes and has yet to commit to a result.")
    chain.pass_s(PATIENCE_S)
    expect(state).to_contain_text("No sign of the provider for", timeout=LONG_MS)
    expect(state.get_by_role("link", name="Hire another provider")).to_be_visible()
    record = chain.do(market.job(job_id))
    assert (record.state, record.provider) == (JobState.ASSIGNED, dead[0].owner.address)
    chain.pass_s(record.deadline_s - chain.do(chain.contracts.client.time_s()) + 1)
    tab.get_by_role("button", name="Send the money back").click(timeout=LONG_MS)
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign", exact=True).click()
    expect(dialog).to_contain_text("On chain, and counted.", timeout=LONG_MS)
    dialog.get_by_role("button", name="Close").last.click()
    expect(card(tab, "Money")).to_contain_text("Back to the client", timeout=LONG_MS)
    assert amount_wei(tab, "Paid to the provider") == 0
    assert amount_wei(tab, "Back to the client") == spent_wei == record.price_wei + record.held_wei
    assert chain.do(market.job(job_id)).state is JobState.PROVIDER_COMMIT_TIMEOUT
    expect(state).not_to_contain_text("as soon as anyone calls expire")
    due_wei = spent_wei + amount_wei(tab, "– to the client")
    assert chain.do(market.free_of_wei(me)) == due_wei > spent_wei
    tab.get_by_role("link", name="Run again with changes").click()
    second = hire(tab)
    assert second != job_id
    assert chain.do(market.job(second)).provider != dead[0].owner.address
    start(dead[0])
