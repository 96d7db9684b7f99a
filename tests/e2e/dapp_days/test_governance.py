"""What holders do: delegate, propose, vote, let others send their votes, queue, execute, cancel.

On phones. Each step goes through the pages with a wallet, and is then asked of the contracts.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect
from tests.e2e.dapp.conftest import NewContext
from tests.e2e.dapp.wallets import TestWallet
from tests.e2e.dapp.world import BANK, DAY_S, World
from tests.e2e.dapp_days.council import Council
from tests.e2e.dapp_days.days import Days
from tests.e2e.dapp_days.visits import LONG_MS, Visit, click

from neurovoyance.chain.governors import ProposalState, Support
from neurovoyance.chain.registry import ModelState
from neurovoyance.chain.wallet import Wallet
from neurovoyance.governance.drafting import draft
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.units import nvy

Phone = Callable[[Wallet], Visit]


@dataclass
class OddWallet(TestWallet):
    """One that can be told to sign as accounts that are contracts do: only they understand it."""

    __test__ = False

    is_odd: bool = False

    def _result(self, method: str, params: list[Any]) -> Any:
        found = super()._result(method, params)
        return found + "00" * 32 if self.is_odd and method == "eth_signTypedData_v4" else found


@pytest.fixture
def council(days: Days) -> Council:
    return Council(days)


@pytest.fixture
def model_id(council: Council) -> str:
    """A registered model of the test's own: a vote stops one for ever."""
    return council.registered(f"model {secrets.token_hex(4)}")


@pytest.fixture
def phone(new_context: NewContext, world: World, days: Days) -> Iterator[Phone]:
    """Makes phones with a wallet each; nothing may go wrong on any of them."""
    made = []

    def make(wallet: Wallet) -> Visit:
        context, watch = new_context(narrow=True)
        made.append((context, watch))
        watch.expected.append("/ipfs/")  # nobody serves what only a vote is about
        extension = OddWallet(wallet.account, world.rpc_url)
        visit = Visit(context.new_page(), extension, days)
        extension.announce_in(context)
        visit.open("/gov")
        extension.connect(visit.tab)
        return visit

    yield make
    for context, watch in made:
        assert watch.taken() == []
        context.close()


def proposal_id_at(tab: Tab) -> int:
    return int(tab.url.rsplit("/", 1)[1], 16)


def press(visit: Visit, button: str) -> None:
    """Press a button of the page and sign what it leads to."""
    click(visit.tab.get_by_role("button", name=button, exact=True))
    visit.sign()


def test_a_parameter_is_changed_by_vote(phone: Phone, council: Council) -> None:
    voter = council.holder(nvy("100000"))
    visit, all_ = phone(voter), council.contracts
    tab = visit.tab
    expect(tab.get_by_text("Nobody casts your votes yet")).to_be_visible(timeout=LONG_MS)
    press(visit, "Delegate to yourself")
    assert council.days.do(all_.votes.delegates(voter.address)) == voter.address
    council.to_next_day()
    before = council.days.do(all_.params.next_of("burnBps"))[0]

    visit.open("/gov/new?key=burnBps")
    tab.get_by_role("textbox", name="burnBps").fill("4.2 percent")
    tab.get_by_label("Reason").fill("Fees grew.")
    calls = tab.locator("section").filter(has=tab.get_by_role("heading", name="voted on"))
    expect(calls).to_contain_text("Set burnBps to 4.2 percent.")
    expect(calls).to_contain_text("4 percent4.2 percent")
    expect(calls).to_contain_text("the contract would accept it now", timeout=LONG_MS)
    expect(tab.get_by_role("heading", name="What that means")).to_be_visible()
    click(tab.get_by_role("button", name="Propose", exact=True))
    sign_to_close(visit)
    tab.wait_for_url("**/gov/0x*", timeout=LONG_MS)
    number = proposal_id_at(tab)
    assert council.state(number) == ProposalState.PENDING
    assert before == 400

    council.to_voting(number)
    tab.reload()
    tab.get_by_label("For", exact=True).check(timeout=LONG_MS)
    tab.get_by_label("Reason").fill("It is time.")
    press(visit, "Vote")
    assert council.days.do(all_.standard.tally(number)).for_wei == nvy("100000")
    expect(tab.get_by_text("It is time.")).to_be_visible(timeout=LONG_MS)
    council.days.do(all_.standard.cast_vote(BANK, number, Support.FOR))
    council.to_end(number)
    visit.open(f"/gov/{number}")
    press(visit, "Queue")
    assert council.state(number) == ProposalState.QUEUED
    council.to(council.days.do(all_.standard.eta_s(number)))
    visit.open(f"/gov/{number}")
    press(visit, "Execute")
    assert council.state(number) == ProposalState.EXECUTED
    assert council.days.do(all_.params.next_of("burnBps"))[0] == 420
    expect(tab.locator("main")).to_contain_text("It was executed.", timeout=LONG_MS)


def sign_to_close(visit: Visit) -> None:
    """Sign what ends with another page or another dialog."""
    button = visit.dialog.get_by_role("button", name="Sign", exact=True)
    expect(button).to_be_enabled(timeout=LONG_MS)
    visit.fits()
    button.click()


def test_votes_count_as_they_stood_and_others_may_send_them(phone: Phone, council: Council) -> None:
    voter = council.holder(nvy("100"))
    council.days.do(council.contracts.votes.delegate(voter, voter.address))
    number = council.proposed(
        "set insuranceBps to 1.9 percent because few will vote"
    ).actions.proposal_id
    council.to_voting(number)
    council.days.fund(voter.address, nvy("50"))
    council.stake(voter, nvy("50"))
    native = int(phone_balance(council, voter))
    visit = phone(voter)
    expect(visit.tab.locator("main")).to_contain_text(
        "You hold 150.00, and vote with 100.00.", timeout=LONG_MS
    )
    text = signed_ballot(visit, number)
    assert json.loads(text)["voter"] == voter.address
    assert council.days.do(council.contracts.standard.tally(number)).for_wei == 0

    relayer = phone(council.holder(nvy("1")))
    relayer.open(f"/gov/{number}")
    relayer.tab.get_by_text("Send somebody's signed vote").click()
    box = relayer.tab.get_by_label("Signed ballot")
    box.fill(text.replace('"for"', '"against"'))
    expect(relayer.tab.get_by_role("alert")).to_contain_text("does not take the signature")
    box.fill(text)
    press(relayer, "Send this vote")
    assert council.days.do(council.contracts.standard.tally(number)).for_wei == nvy("100")
    assert int(phone_balance(council, voter)) == native

    council.to_end(number)
    assert council.state(number) == ProposalState.DEFEATED
    relayer.open(f"/gov/{number}")
    main = relayer.tab.locator("main")
    expect(main).to_contain_text("It was defeated: too few votes", timeout=LONG_MS)
    quorum = relayer.tab.get_by_role("progressbar", name="Quorum")
    expect(quorum).to_have_attribute("aria-valuenow", "0")


def phone_balance(council: Council, wallet: Wallet) -> int:
    return council.days.do(council.contracts.client.balance_wei(wallet.address))


def signed_ballot(visit: Visit, number: int) -> str:
    """Sign a vote For without sending it, and return the ballot."""
    tab = visit.tab
    assert isinstance(visit.wallet, OddWallet)
    visit.open(f"/gov/{number}")
    expect(tab.locator("main")).to_contain_text("You vote with 100.00", timeout=LONG_MS)
    tab.get_by_label("For", exact=True).check()
    tab.get_by_label("Reason").fill("Without a fee.")
    visit.wallet.answers_typed_data = False
    click(tab.get_by_role("button", name="Sign only, without gas"))
    expect(visit.dialog).to_contain_text("none: nothing is sent")
    sign_to_close(visit)
    expect(visit.dialog.get_by_role("alert")).to_contain_text("It could not be signed")
    visit.wallet.answers_typed_data = True
    visit.wallet.is_odd = True
    visit.dialog.get_by_role("button", name="Try again").click()
    sign_to_close(visit)
    expect(visit.dialog.get_by_role("alert")).to_contain_text("vote in a transaction instead")
    visit.wallet.is_odd = False
    visit.dialog.get_by_role("button", name="Try again").click()
    sign_to_close(visit)
    ballot = tab.get_by_test_id("ballot")
    expect(ballot).to_be_visible(timeout=LONG_MS)
    visit.fits()
    assert "eth_sendTransaction" not in visit.wallet.asked
    return ballot.inner_text()


def test_proposers_withdraw_and_the_guardian_cancels(phone: Phone, council: Council) -> None:
    mine, bad, own = (
        council.proposed(f"{what} because it is to be cancelled")
        for what in (
            "set treasuryBps to 2.9 percent",
            "set treasuryBps to 2.8 percent",
            f"renew the guardian with {BANK.address}",
        )
    )
    visit = phone(BANK)
    visit.open(f"/gov/{mine.actions.proposal_id}")
    press(visit, "Withdraw")
    assert council.state(mine.actions.proposal_id) == ProposalState.CANCELED
    number = own.actions.proposal_id
    council.to_voting(number, is_constitutional=True)
    visit.open(f"/gov/{bad.actions.proposal_id}")
    expect(visit.tab.get_by_role("button", name="Withdraw")).to_have_count(0)
    press(visit, "Cancel as guardian")
    assert council.state(bad.actions.proposal_id) == ProposalState.CANCELED
    expect(visit.tab.locator("main")).to_contain_text("Cancelled by the guardian", timeout=LONG_MS)
    visit.open(f"/gov/{number}")
    assert council.state(number, is_constitutional=True) == ProposalState.ACTIVE
    expect(visit.tab.get_by_role("button", name="Vote", exact=True)).to_be_visible()
    expect(visit.tab.get_by_role("button", name="Cancel as guardian")).to_have_count(0)


def test_votes_are_lent_taken_back_and_cast_oneself(phone: Phone, council: Council) -> None:
    holder = council.holder(nvy("7"))
    visit = phone(holder)
    tab, votes = visit.tab, council.contracts.votes
    visit.open(f"/gov/delegates/{BANK.address}")
    press(visit, "Let it cast my votes")
    assert council.days.do(votes.delegates(holder.address)) == BANK.address
    givers = tab.locator("section").filter(has=tab.get_by_role("heading", name="Whose votes"))
    expect(givers.get_by_title(holder.address)).to_be_visible(timeout=LONG_MS)
    press(visit, "Undelegate")
    assert council.days.do(votes.delegates(holder.address)) == ZERO_ADDRESS
    expect(givers.get_by_title(holder.address)).to_have_count(0, timeout=LONG_MS)
    visit.open("/gov")
    press(visit, "Delegate to yourself")
    assert council.days.do(votes.delegates(holder.address)) == holder.address


def test_a_grant_is_proposed_as_the_command_line_would(phone: Phone, council: Council) -> None:
    all_, to = council.contracts, council.holder(nvy("1")).address
    visit = phone(BANK)
    tab = visit.tab
    visit.open("/gov/new")
    tab.get_by_label("Parameter or else").select_option("payment")
    tab.get_by_label("Amount").fill("50")
    expect(tab.get_by_text("That cannot be read.")).to_be_visible()
    tab.get_by_label("To", exact=True).fill(to)
    tab.get_by_label("Reason").fill("of an audit")
    tab.get_by_label("Amount").fill("90 million NVY")
    expect(tab.get_by_role("alert").filter(has_text="not 90,000,000 NVY")).to_be_visible()
    expect(tab.get_by_role("button", name="Propose", exact=True)).to_be_disabled()
    tab.get_by_label("Amount").fill("10 million NVY")
    expect(tab.get_by_text("Constitutional governor", exact=True)).to_be_visible()
    tab.get_by_label("Amount").fill("50 NVY")
    expect(tab.locator("main")).to_contain_text(f"Pay 50 NVY to {to} from the treasury.")
    expect(tab.get_by_text("the contract would accept it now")).to_be_visible(timeout=LONG_MS)
    expect(tab.locator("main")).to_contain_text("With the note: “of an audit”")
    wanted = f"pay 50 NVY to {to} from the treasury because of an audit"
    same = council.days.do(draft(all_, wanted, BANK.address)).actions
    click(tab.get_by_role("button", name="Propose", exact=True))
    sign_to_close(visit)
    tab.wait_for_url("**/gov/0x*", timeout=LONG_MS)
    assert proposal_id_at(tab) == same.proposal_id
    assert council.state(same.proposal_id) == ProposalState.PENDING


def choose(visit: Visit, form: str, **texts: str) -> None:
    """Begin a proposal with one form, and fill it in."""
    visit.open("/gov/new")
    visit.tab.get_by_role("button", name="Start over").click()
    visit.tab.get_by_label("Parameter or else").select_option(form)
    for label, text in texts.items():
        visit.tab.get_by_label(label.replace("_", " ")).fill(text)


def test_a_model_is_suspended_by_vote(phone: Phone, council: Council, model_id: str) -> None:
    visit = phone(BANK)
    tab = visit.tab
    visit.open(f"/models/{model_id}")
    card = tab.locator("section").filter(has=tab.get_by_role("heading", name="In the registry"))
    expect(card).to_contain_text("takes jobs", timeout=LONG_MS)
    choose(visit, "suspension", Model_id="0x" + "ab" * 32, Reason="It was forged.")
    expect(tab.get_by_role("alert")).to_contain_text("No model with this id", timeout=LONG_MS)
    expect(tab.get_by_role("button", name="Propose", exact=True)).to_be_disabled()
    tab.get_by_role("textbox", name="Model id").fill(model_id)
    calls = tab.locator("section").filter(has=tab.get_by_role("heading", name="voted on"))
    expect(calls).to_contain_text(f"Suspend model {model_id}.")
    expect(calls).to_contain_text("No vote can lift it.", timeout=LONG_MS)
    expect(calls).to_contain_text("may take 100 NVY of bond back")
    expect(calls).to_contain_text("the contract would accept it now", timeout=LONG_MS)
    same = council.days.do(
        draft(council.contracts, f"suspend model {model_id} because It was forged.", BANK.address)
    )
    click(tab.get_by_role("button", name="Propose", exact=True))
    sign_to_close(visit)
    tab.wait_for_url("**/gov/0x*", timeout=LONG_MS)
    number = proposal_id_at(tab)
    assert number == same.actions.proposal_id
    expect(tab.locator("main")).to_contain_text(f"Suspend model {model_id}.", timeout=LONG_MS)

    council.to_voting(number)
    tab.reload()
    tab.get_by_label("For", exact=True).check(timeout=LONG_MS)
    press(visit, "Vote")
    council.to_end(number)
    visit.open(f"/gov/{number}")
    press(visit, "Queue")
    council.to(council.days.do(council.contracts.standard.eta_s(number)))
    visit.open(f"/gov/{number}")
    press(visit, "Execute")
    record = council.days.do(council.days.contracts.registry.model(bytes.fromhex(model_id[2:])))
    assert record.state == ModelState.SUSPENDED
    visit.open(f"/models/{model_id}")
    expect(tab.get_by_text("This model is suspended")).to_be_visible(timeout=LONG_MS)
    expect(card).to_contain_text("suspended")
    expect(tab.get_by_role("link", name="Run it")).to_have_count(0)


def test_a_ruling_waits_for_a_challenge_and_comes_in_time(
    phone: Phone, council: Council, model_id: str
) -> None:
    visit = phone(BANK)
    tab = visit.tab
    choose(visit, "ruling", Model_id=model_id, Reason="All came to the same.")
    alert = tab.get_by_role("alert")
    expect(alert).to_contain_text("Nobody challenges its certificate now", timeout=LONG_MS)
    council.challenge(model_id)
    expect(alert).to_have_count(0, timeout=LONG_MS)
    main = tab.locator("main")
    expect(main).to_contain_text("gets 200 NVY: both bonds.", timeout=LONG_MS)
    tab.get_by_label("The challenge is").select_option("dismissed")
    expect(main).to_contain_text("Its registrant gets the challenger's bond, 100 NVY.")
    click(tab.get_by_role("button", name="Propose", exact=True))
    sign_to_close(visit)
    tab.wait_for_url("**/gov/0x*", timeout=LONG_MS)
    expect(main).to_contain_text(f"Dismiss the challenge of model {model_id}.", timeout=LONG_MS)
    expect(main).to_contain_text("It has to be executed by", timeout=LONG_MS)
    council.days.pass_s(5 * DAY_S)
    choose(visit, "ruling", Model_id=model_id, Reason="Too late.")
    expect(alert).to_contain_text("Its challenge ends on", timeout=LONG_MS)
    expect(tab.get_by_role("button", name="Propose", exact=True)).to_be_disabled()


def test_a_network_without_votes_says_so(new_context: NewContext, world: World) -> None:
    context, watch = new_context(narrow=True)

    def without(route: Route) -> None:
        response = route.fetch(max_retries=2)
        config = response.json()
        config["flags"]["economy"] = False
        for name in ("votes", "params", "treasury", "guardian", "standard_governor"):
            config["contracts"].pop(name, None)
        route.fulfill(response=response, json=config)

    context.route("**/api/config", without)
    tab = context.new_page()
    for path in ("/gov", "/gov/new", f"/gov/{world.names['proposal']}", "/gov/delegates/0x12"):
        tab.goto(path)
        expect(tab.locator("main")).to_contain_text("runs without the token economy")
        expect(tab.get_by_role("button", name="Propose")).to_have_count(0)
    assert watch.taken() == []
    context.unroute_all(behavior="wait")
    context.close()
