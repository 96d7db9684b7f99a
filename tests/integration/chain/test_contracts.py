"""Every stage of a job through the typed facades, on both kinds of chain."""

from __future__ import annotations

import secrets

from neurovoyance.chain import BeaconStatus, ChainControl, Contracts, devnet_wallet
from neurovoyance.chain.events import (
    EndpointChanged,
    Harvested,
    JobAssigned,
    JobCommitted,
    JobConfirmed,
    JobPosted,
    JobRevealed,
    JobSettled,
    ProviderRegistered,
    SeedDrawn,
    Staked,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, JobId, job_id_of
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.result import Opening, commitment_of
from neurovoyance.protocol.signing import Offer, recover_offer_signer, sign_offer
from neurovoyance.protocol.units import nvy

OWNER, CLIENT, OPERATOR = devnet_wallet(0), devnet_wallet(1), devnet_wallet(2)
SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01\x55\x1e\x20" + b"\x22" * 32)
STAKE_WEI, PRICE_WEI, LOCK_WEI = nvy("5000"), nvy("10"), nvy("50")


async def provide(contracts: Contracts) -> None:
    """Register account 0 as a provider with account 2 as its operator, and give it stake."""
    registered = await contracts.stakes.register(OWNER, OPERATOR.address, "http://127.0.0.1:9")
    assert registered.one(ProviderRegistered).operator == OPERATOR.address
    assert registered.one(EndpointChanged).endpoint == "http://127.0.0.1:9"
    deadline_s = await contracts.client.time_s() + 3_600
    permit = await contracts.token.sign_permit(
        OWNER, contracts.stakes.address, STAKE_WEI, deadline_s
    )
    staked = await contracts.stakes.stake_with_permit(OWNER, STAKE_WEI, permit)
    assert staked.one(Staked).amount_wei == STAKE_WEI


async def fund(contracts: Contracts) -> None:
    """Give the client tokens and a free balance."""
    await contracts.token.transfer(OWNER, CLIENT.address, nvy("100"))
    await contracts.token.approve(CLIENT, contracts.market.address, nvy("100"))
    await contracts.market.deposit(CLIENT, nvy("60"))


def opening_of(contracts: Contracts, job_id: bytes) -> tuple[Opening, bytes]:
    opening = Opening(
        bytes(32), b"\x33" * 32, b"\x01\x55" + b"\x44" * 34, b"\x55" * 32, 0, b"\x66" * 32
    )
    commitment = commitment_of(
        chain_id=contracts.client.chain_id,
        market=contracts.market.address,
        job_id=job_id,
        provider=OWNER.address,
        opening=opening,
    )
    return opening, commitment


async def test_a_listed_job_runs_from_post_to_harvest(
    contracts: Contracts, control: ChainControl
) -> None:
    await provide(contracts)
    await fund(contracts)
    market, salt = contracts.market, secrets.token_bytes(32)
    now_s = await contracts.client.time_s()
    posted = await market.post(
        CLIENT,
        SPEC,
        salt,
        max_price_wei=PRICE_WEI,
        min_lock_wei=LOCK_WEI,
        deadline_s=now_s + 3_600,
        source="http://127.0.0.1:9/input",
    )
    event = posted.one(JobPosted)
    expected = job_id_of(31337, market.address, CLIENT.address, salt, SPEC.spec_hash())
    assert event.job_id == expected
    assert event.job_id == await market.job_id_of(CLIENT.address, salt, SPEC.spec_hash())
    assert event.spec.checked() == SPEC
    assert await market.spec_hash_of(SPEC) == SPEC.spec_hash()
    accepted = await market.accept(
        OPERATOR,
        event.job_id,
        event.spec.checked(),
        event.salt,
        OWNER.address,
        price_wei=PRICE_WEI,
        lock_wei=LOCK_WEI,
    )
    assert accepted.one(JobAssigned).provider == OWNER.address
    assert (await contracts.stakes.stake_of(OWNER.address)).locked_wei == LOCK_WEI
    opening, commitment = opening_of(contracts, event.job_id)
    committed = await market.commit(OPERATOR, event.job_id, commitment, 0, opening.envelope_cid)
    beacon_round = committed.one(JobCommitted).round
    await control.mine(3)
    assert await contracts.beacon.status(beacon_round) is BeaconStatus.READY
    revealed = await market.draw_and_reveal(OPERATOR, event.job_id, opening)
    assert revealed.one(SeedDrawn).audited is False
    assert revealed.one(JobRevealed).result_key == opening.result_key
    assert await market.state_of(event.job_id) is JobState.REVEALED
    confirmed = await market.confirm(CLIENT, event.job_id)
    assert confirmed.one(JobConfirmed).job_id == event.job_id
    paid_wei = confirmed.one(JobSettled).paid_wei
    assert await market.earned_of_wei(OWNER.address) == paid_wei > 0
    harvested = await market.harvest(OPERATOR, OWNER.address)
    assert harvested.one(Harvested).amount_wei == paid_wei
    record = await market.job(event.job_id)
    assert (record.state, record.client, record.provider) == (
        JobState.SETTLED,
        CLIENT.address,
        OWNER.address,
    )
    assert not await market.is_lock_open(event.job_id)


async def test_a_signed_offer_is_opened_in_one_call_and_settles_after_its_window(
    contracts: Contracts, control: ChainControl
) -> None:
    await provide(contracts)
    await fund(contracts)
    market = contracts.market
    offer = Offer(
        provider=OWNER.address,
        client=CLIENT.address,
        spec_hash=SPEC.spec_hash(),
        price_wei=PRICE_WEI,
        lock_wei=LOCK_WEI,
        valid_until_s=await contracts.client.time_s() + 300,
        nonce=7,
    )
    signature = sign_offer(offer, OPERATOR.account, chain_id=31337, market=market.address)
    signer = recover_offer_signer(offer, signature, chain_id=31337, market=market.address)
    assert signer == await contracts.stakes.operator_of(OWNER.address)
    opened = await market.open(CLIENT, SPEC, bytes(32), offer, signature)
    job_id = opened.one(JobAssigned).job_id
    assert await market.is_nonce_used(OWNER.address, 7)
    opening, commitment = opening_of(contracts, job_id)
    await market.commit(OPERATOR, job_id, commitment, 0, opening.envelope_cid)
    await control.mine(3)
    await market.draw_and_reveal(OPERATOR, job_id, opening)
    await control.increase_time(SPEC.window_s + 1)
    assert await market.state_of(job_id) is JobState.ACCEPTED
    settled = await market.settle_batch(CLIENT, [job_id])
    assert settled.one(JobSettled).provider == OWNER.address


async def test_views_of_an_empty_market_answer_zero(contracts: Contracts) -> None:
    assert await contracts.market.state_of(JobId(b"\x01" * 32)) is JobState.NONE
    assert (await contracts.market.job(JobId(b"\x01" * 32))).client == ZERO_ADDRESS
    assert await contracts.stakes.operator_of(CLIENT.address) == ZERO_ADDRESS
    assert await contracts.stakes.stake_of(CLIENT.address) == (0, 0, 0, 0, 0)
    assert await contracts.token.total_supply_wei() == await contracts.token.cap_wei()
    assert (await contracts.token.symbol(), await contracts.token.decimals()) == ("NVY", 18)
