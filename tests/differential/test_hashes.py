"""Solidity and Python compute the same hashes, on random values and on the whole path of a job."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from tests.differential.evm import Evm, generated
from tests.differential.evm_engines import CHAIN_ID
from tests.unit.protocol.strategies import BYTES32, addresses, offers, specs

from neurovoyance.protocol.ids import ZERO_ADDRESS, job_id_of, keccak256
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.result import Opening, commitment_of, seed_of
from neurovoyance.protocol.signing import Offer, offer_message, sign_offer

NVY = 10**18
RANDOM = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def evm() -> Evm:
    return Evm(5, 100_000 * NVY)


@RANDOM
@given(spec=specs(), client=addresses(), salt=BYTES32)
def test_specs_and_job_ids_agree(evm: Evm, spec: JobSpec, client: str, salt: bytes) -> None:
    assert evm.call("JobMarket", "specHashOf", spec.as_abi()) == spec.spec_hash()
    on_chain = evm.call("JobMarket", "jobIdOf", client, salt, spec.spec_hash())
    assert on_chain == job_id_of(CHAIN_ID, evm.market, client, salt, spec.spec_hash())


@RANDOM
@given(offer=offers())
def test_offer_digests_agree(evm: Evm, offer: Offer) -> None:
    message = offer_message(offer, chain_id=CHAIN_ID, market=evm.market)
    digest = keccak256(b"\x19" + message.version + message.header + message.body)
    assert evm.call("JobMarket", "offerHashOf", offer.as_abi()) == digest


def test_a_commitment_made_in_python_opens_on_chain_under_the_python_seed(evm: Evm) -> None:
    client, owner, operator = evm.accounts[1:4]
    spec = JobSpec(model_id=b"\1" * 32, input_cid=b"\1\x55\x12\x20" + b"\2" * 32)
    for account, spender in ((client, evm.market), (owner, evm.stakes)):
        assert evm.send(account, "ComputeToken", "approve", spender, 10**27).is_success
    assert evm.send(client, "JobMarket", "deposit", 10 * NVY).is_success
    assert evm.send(owner, "StakeManager", "register", operator.address, "").is_success
    assert evm.send(owner, "StakeManager", "stake", 2_000 * NVY).is_success
    offer = Offer(
        provider=owner.address,
        client=ZERO_ADDRESS,
        spec_hash=spec.spec_hash(),
        price_wei=NVY,
        lock_wei=20 * NVY,
        valid_until_s=evm.time_s() + 300,
        nonce=2**255 + 1,
    )
    signature = sign_offer(offer, operator, chain_id=CHAIN_ID, market=evm.market)
    salt = b"\7" * 32
    taken = evm.send(client, "JobMarket", "open", spec.as_abi(), salt, offer.as_abi(), signature)
    assert taken.is_success
    job_id = job_id_of(CHAIN_ID, evm.market, client.address, salt, spec.spec_hash())
    opening = Opening(bytes(32), b"\3" * 32, b"\1\x55\x12\x20" + b"\4" * 32, b"\5" * 32, -3, salt)
    commitment = commitment_of(
        chain_id=CHAIN_ID,
        market=evm.market,
        job_id=job_id,
        provider=owner.address,
        opening=opening,
    )
    commit = (job_id, commitment, opening.shift, opening.envelope_cid)
    sent = evm.send(operator, "JobMarket", "commit", *commit)
    (committed,) = (e for e in sent.events if isinstance(e, generated.JobCommitted))
    assert not evm.send(operator, "JobMarket", "draw", job_id).is_success
    evm.mine(3)
    beacon = evm.call("BlockHashBeacon", "value", committed.round)
    sent = evm.send(operator, "JobMarket", "drawAndReveal", job_id, opening.as_abi())
    (revealed,) = (e for e in sent.events if isinstance(e, generated.JobRevealed))
    assert revealed.seed0 == seed_of(
        beacon=beacon,
        chain_id=CHAIN_ID,
        market=evm.market,
        job_id=job_id,
        commitment=commitment,
    )
    assert revealed.out_root == opening.out_root
