"""Every list answers a page, every single thing a row or 404."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.marketplace.market_events import Maker, address, index_blocks

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.indexer.store import IndexStore

LISTS = (
    "/v1/jobs", "/v1/events", "/v1/providers", "/v1/prices", "/v1/disputes", "/v1/audits",
    "/v1/rewards", "/v1/governance/proposals", "/v1/governance/votes", "/v1/governance/parameters",
    "/v1/governance/delegations", "/v1/channels",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
async def test_lists_answer_pages(service: httpx.AsyncClient, path: str) -> None:
    page = (await service.get(path, params={"limit": 2})).json()
    assert set(page) == {"items", "next"}
    assert len(page["items"]) <= 2


@pytest.mark.parametrize("path", ["/v1/disputes/9", "/v1/governance/proposals/9"])
async def test_what_is_not_there_is_404(service: httpx.AsyncClient, path: str) -> None:
    assert (await service.get(path)).json()["code"] == "request.market.not_found"


async def test_an_address_is_found_in_any_case(service: httpx.AsyncClient) -> None:
    lower = (await service.get(f"/v1/providers/{address(200).lower()}")).json()
    assert lower["provider"] == address(200)
    assert (await service.get("/v1/me")).json() == {"address": None, "kind": None}


async def test_who_never_vested_has_nothing_there(service: httpx.AsyncClient) -> None:
    found = (await service.get(f"/v1/vesting/{address(1)}")).json()
    amounts = {value for name, value in found.items() if name.endswith("_wei")}
    assert (found["account"], amounts, found["born"]) == (address(1), {"0"}, 0)


async def test_only_the_newest_choice_of_who_casts_votes_is_listed(
    service: httpx.AsyncClient, store: IndexStore
) -> None:
    nobody, chosen, other = address(0), address(7), address(8)
    maker = Maker("a", 9_000)
    for delegator, before, now in (
        (11, nobody, chosen),
        (12, nobody, chosen),
        (13, nobody, other),
        (13, other, chosen),
        (12, chosen, nobody),
    ):
        maker.add(on_chain.DelegateChanged, address(delegator), before, now)
    index_blocks(store, [maker.made], "a", 1)
    path = f"/v1/governance/delegations?to={chosen.lower()}&limit=1"
    first = (await service.get(path)).json()
    second = (await service.get(f"{path}&cursor={first['next']}")).json()
    assert [row["delegator"] for row in first["items"] + second["items"]] == [
        address(13), address(11),
    ]  # fmt: skip
    assert (second["items"][0]["delegate"], second["next"]) == (chosen, None)
    assert (await service.get("/v1/governance/delegations?to=0x12")).status_code == 422


async def test_channels_are_found_by_who_pays_and_by_who_is_paid(
    service: httpx.AsyncClient, store: IndexStore
) -> None:
    client, other, payee = address(20), address(21), address(22)
    maker = Maker("a", 9_000)
    for number, (payer, payees) in enumerate(((client, (payee, other)), (other, (payee,)))):
        channel_id = bytes([number]) * 32
        maker.add(on_chain.ChannelOpened, channel_id, payer, 60)
        for paid in payees:
            maker.add(on_chain.PayeeAllotted, channel_id, paid, 50, 50, 20, 0)
    maker.add(on_chain.VoucherRedeemed, bytes(32), payee, 20, 20, bytes(32), 5, 99)
    maker.add(on_chain.SideClosed, bytes(32), other, 50)
    maker.add(on_chain.CloseRequested, bytes(32), 77)
    index_blocks(store, [maker.made], "a", 1)
    path = f"/v1/channels?client={client.lower()}&limit=1"
    first = (await service.get(path)).json()
    second = (await service.get(f"{path}&cursor={first['next']}")).json()
    assert [row["payee"] for row in first["items"] + second["items"]] == [other, payee]
    assert second["next"] is None
    [row] = second["items"]
    assert (row["channel_id"], row["closes_at_s"]) == ("0x" + "00" * 32, 77)
    assert (row["allotment_wei"], row["redeemed_wei"], row["settled_wei"]) == ("50", "20", "0")
    paid_there = (await service.get(f"/v1/channels?payee={payee}")).json()["items"]
    assert [row["client"] for row in paid_there] == [other, client]
    left = (await service.get(f"/v1/channels?client={client}&is_spent=false")).json()["items"]
    assert [row["payee"] for row in left] == [payee]
    for wrong in ("client=0x12", "is_spent=perhaps"):
        assert (await service.get(f"/v1/channels?{wrong}")).status_code == 422
