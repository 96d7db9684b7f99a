"""The table of addresses that contracts name, compared with their interfaces."""

from __future__ import annotations

from collections import Counter

from neurovoyance.chain.abi_codec import CONTRACT_NAMES, contract_abi
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.links import CONTRACT_OF, UNRECORDED, Link, links_of
from neurovoyance.protocol.ids import ZERO_ADDRESS, parse_address

ADDRESSES = [parse_address("0x" + f"{n:040x}") for n in range(1, 25)]
WHOLE = Deployment(1, "0x", 1, *ADDRESSES)
BARE = Deployment(1, "0x", 1, *ADDRESSES[:4])


def _named(contract: str) -> set[str]:
    """Return the functions without arguments that answer with one address."""
    return {
        name
        for name, entry in contract_abi(contract).functions.items()
        if not entry["inputs"] and [out["type"] for out in entry["outputs"]] == ["address"]
    }


def test_every_contract_of_a_record_is_known() -> None:
    assert list(WHOLE.named_addresses()) == list(CONTRACT_OF)
    assert set(CONTRACT_OF.values()) == set(CONTRACT_NAMES)


def test_every_stored_address_is_compared_once_or_said_to_be_in_no_record() -> None:
    views = {(field, view) for field, name in CONTRACT_OF.items() for view in _named(name)}
    compared = Counter((link.holder, link.view) for link in links_of(WHOLE))
    assert compared == Counter(views - UNRECORDED)
    assert views >= UNRECORDED


def test_what_they_must_name_is_of_the_record() -> None:
    assert {link.target for link in links_of(WHOLE)} <= set(CONTRACT_OF)
    named = {(link.holder, link.view): link.target for link in links_of(WHOLE)}
    assert named["fee_router", "insurance"] == named["vault", "insurance"] == "insurance_fund"
    assert named["standard_governor", "token"] == "votes"
    assert named["constitutional_timelock", "governor"] == "constitutional_governor"
    assert named["treasury_grant", "owner"] == "treasury"


def test_a_bare_market_names_nobody_else() -> None:
    """Without an economy whoever was given collects the insurance: no record holds it."""
    links = links_of(BARE)
    assert {link.holder for link in links} == {"stake_manager", "market"}
    assert Link("stake_manager", "insurance", "insurance_fund") not in links
    assert Link("stake_manager", "insurance", "insurance_fund") in links_of(WHOLE)
    absent = {link.target for link in links if getattr(BARE, link.target) == ZERO_ADDRESS}
    assert {"audit_court", "dispute_court", "params", "vault"} <= absent
