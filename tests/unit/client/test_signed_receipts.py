"""A receipt is what its signer wrote, and what the chain says."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.job_story import is_over, job_facts, was_found_wrong
from neurovoyance.client.job_words import words_of
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.receipts import check_receipt
from neurovoyance.client.signed_receipts import check_on_chain, check_signature, sign_receipt
from neurovoyance.protocol.errors import RequestError, SpecError
from neurovoyance.protocol.ids import JobId

from .providers import PRICE_WEI, Provider, output_of

X = np.ones((2, 3), np.float32)


def test_a_signature_covers_every_byte() -> None:
    signed = sign_receipt({"job_id": "0x1", "facts": {"state": "Settled"}}, devnet_wallet(3))
    assert check_signature(signed) == []
    assert signed["signed_by"] == devnet_wallet(3).address
    for changed in (
        {**signed, "job_id": "0x2"},
        {**signed, "signed_by": devnet_wallet(4).address},
        {**signed, "signature": "0x" + "11" * 32 + signed["signature"][66:]},
        {**signed, "extra": 1},
    ):
        assert check_signature(changed)


@pytest.mark.parametrize("signature", ["", "0x", "0x12", "zz", None, 7])
def test_broken_signatures_are_a_sentence(signature: object) -> None:
    signed = sign_receipt({"job_id": "0x1"}, devnet_wallet(3))
    [fault] = check_signature({**signed, "signature": signature})
    assert fault.endswith(".")


async def test_a_receipt_holds_on_the_chain_and_a_changed_one_does_not(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await client.submit(model, {"x": X}, hire="listing", max_price_wei=PRICE_WEI)
    await providers[0].accept(job.current.job_id)
    early = await job.receipt()
    await providers[0].deliver(job.current.job_id, output_of(X))
    receipt = await job.wait()
    contracts = client.session.contracts
    assert check_signature(receipt) == check_receipt(receipt) == []
    assert await check_on_chain(receipt, contracts) == []
    assert await check_on_chain(early, contracts) == [], "the chain only went on since"
    for path, value in (
        (("price_wei",), "1"),
        (("provider",), providers[1].address),
        (("money", "paid_wei"), "1"),
        (("steps",), []),
        (("out_root",), "0x00"),
    ):
        changed = copy.deepcopy(receipt)
        place = changed["facts"]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        faults = await check_on_chain(changed, contracts)
        assert faults and path[0] in faults[0]


async def test_facts_of_a_job_are_told_in_words(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await client.submit(model, {"x": X}, hire="listing", max_price_wei=PRICE_WEI)
    await providers[0].accept(job.current.job_id)
    await providers[0].deliver(job.current.job_id, output_of(X))
    await job.wait()
    facts = await job_facts(client.session.contracts, job.current.job_id)
    assert is_over(facts) and not was_found_wrong(facts)
    assert facts["provider"] == providers[0].address and facts["audit"] is None
    assert facts["steps"][0]["event"] == "JobPosted"
    told = "\n".join(words_of(facts))
    assert "not selected" in told and "The provider was paid." in told


async def test_unknown_jobs_other_chains_and_older_forms_are_refused(client: AsyncClient) -> None:
    contracts = client.session.contracts
    with pytest.raises(RequestError, match="no job"):
        await job_facts(contracts, JobId(bytes(32)))
    with pytest.raises(SpecError, match="older form"):
        await check_on_chain({"job_id": "0x1"}, contracts)
    other = {"facts": {"chain_id": 1, "market": contracts.deployment.market}}
    assert "chain 1" in (await check_on_chain(other, contracts))[0]
    elsewhere = {"facts": {"chain_id": contracts.client.chain_id, "market": "0x0"}}
    assert "another market" in (await check_on_chain(elsewhere, contracts))[0]
