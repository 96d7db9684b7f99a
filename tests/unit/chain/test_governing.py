"""The facades of parameters, votes, treasury, timelocks and guardian: complete, and right."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.chains import ANVIL
from tests.governed import (
    BANK,
    BANK_WEI,
    DAY_S,
    FRIEND,
    FRIEND_WEI,
    STRANGER,
    Network,
    Visit,
    running,
    visiting,
)

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.genesis import CANARIES_WEI, TREASURY_GRANT_WEI, TREASURY_WEI
from neurovoyance.chain.governing import (
    Governance,
    GuardianFacade,
    Params,
    Timelock,
    Treasury,
    Votes,
    key_bytes,
)
from neurovoyance.chain.governors import Actions, Governor
from neurovoyance.chain.reverts import (
    GuardianNotHolder,
    ProtocolParamsWrongClass,
    TreasuryOnlyTimelock,
)
from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.params import PARAMETERS, WORDS, pack

from .test_facade import called_functions

# What deployment asks by `link`, what other contracts call, what always reverts, and what tokens of
# other kinds ask of a wallet.
LINKS = {
    *("standardTimelock", "constitutionalTimelock", "guardian", "stakeManager", "insurance"),
    *("vault", "token", "params", "timelock", "standardGovernor", "constitutionalGovernor"),
}
RECEIVER = {"onERC721Received", "onERC1155Received", "onERC1155BatchReceived", "supportsInterface"}
NOT_FOR_US = {
    "ProtocolParams": {"trip", "pause"},
    "VotingPower": {"move", "eip712Domain", "CLOCK_MODE"},
    "Treasury": set(),
    "Guardian": set(),
    "StandardGovernor": {
        *("relay", "updateTimelock", "setLateQuorumVoteExtension", *RECEIVER),
        *("BALLOT_TYPEHASH", "EXTENDED_BALLOT_TYPEHASH", "CLOCK_MODE", "COUNTING_MODE"),
        *("eip712Domain", "hashProposal", "getVotesWithParams", "castVoteWithReasonAndParams"),
    },
    "ProtocolTimelock": {
        *("grantRole", "revokeRole", "renounceRole", "updateDelay", "getRoleAdmin", *RECEIVER),
        *("CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE", "EXECUTOR_ROLE", "PROPOSER_ROLE"),
        *("schedule", "scheduleBatch", "execute", "executeBatch", "cancel"),
        *("hashOperation", "hashOperationBatch", "getOperationState"),
        *("isOperation", "isOperationDone", "isOperationPending", "isOperationReady"),
    },
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    kind = "anvil" if ANVIL.exists() else "devnet"
    with running(kind, tmp_path_factory.mktemp("facades")) as made:
        yield made


@pytest.fixture
async def visit(network: Network, tmp_path: Path) -> AsyncIterator[Visit]:
    async with visiting(network, tmp_path) as made:
        yield made


@pytest.mark.parametrize("cls", [Params, Votes, Treasury, Timelock, GuardianFacade, Governor])
def test_every_function_has_a_method_or_is_not_for_us(cls: type[Facade]) -> None:
    functions = set(contract_abi(cls.contract).functions)
    expected = functions - NOT_FOR_US[cls.contract] - LINKS
    assert called_functions(cls) - LINKS == expected
    assert functions >= NOT_FOR_US[cls.contract]


def test_a_name_is_ascii_in_32_bytes() -> None:
    assert key_bytes("burnBps") == b"burnBps" + bytes(25)
    for wrong in ("", "ä", "x" * 33):
        with pytest.raises(SpecError):
            key_bytes(wrong)


async def test_parameters_are_those_of_the_file(visit: Visit) -> None:
    params = visit.governance.params
    for number, word in enumerate(WORDS):
        assert await params.word(number) == pack(word)
    burn = PARAMETERS["burnBps"]
    assert await params.value_of("burnBps") == burn.default
    assert await params.next_of("burnBps") == (burn.default, 0)
    assert await params.bounds_of("burnBps") == (burn.min, burn.max, burn.step, False, 0)
    assert await params.paused_until_s() == 0
    with pytest.raises(ProtocolParamsWrongClass):
        await params.set(BANK, "burnBps", 450)


async def test_votes_follow_stake_and_delegation(visit: Visit) -> None:
    votes, clock_s = visit.governance.votes, await visit.governance.votes.clock_s()
    assert await votes.tick_s() == DAY_S and clock_s % DAY_S == 0
    assert await votes.units_of_wei(BANK.address) == BANK_WEI
    assert await votes.past_votes_wei(FRIEND.address, clock_s - 1) == FRIEND_WEI
    assert await votes.past_total_wei(clock_s - 1) == BANK_WEI + FRIEND_WEI
    assert await votes.delegates(STRANGER.address) == ZERO_ADDRESS
    expiry_s, nonce = await visit.chain.time_s() + DAY_S, await votes.nonce_of(FRIEND.address)
    fields = [("delegatee", "address"), ("nonce", "uint256"), ("expiry", "uint256")]
    signature = FRIEND.sign_typed_data(
        {
            "name": "Neurovoyance votes",
            "version": "1",
            "chainId": visit.chain.chain_id,
            "verifyingContract": votes.address,
        },
        {"Delegation": [{"name": name, "type": kind} for name, kind in fields]},
        {"delegatee": BANK.address, "nonce": nonce, "expiry": expiry_s},
    )
    await votes.delegate_by_sig(STRANGER, BANK.address, nonce, expiry_s, signature)
    assert await votes.votes_of_wei(BANK.address) == BANK_WEI + FRIEND_WEI


async def test_the_treasury_counts_what_it_was_given(visit: Visit) -> None:
    treasury, deployment = visit.governance.treasury, visit.governance.deployment
    held_wei = TREASURY_WEI - CANARIES_WEI
    assert await treasury.holdings_wei() == held_wei
    assert await treasury.left_of_wei(deployment.standard_timelock) == held_wei // 50
    assert await treasury.paid_in_30_days_wei(deployment.standard_timelock) == 0
    assert await treasury.is_grant(deployment.treasury_grant)
    await visit.control.increase_time(7 * DAY_S)
    await treasury.collect_grant(STRANGER, deployment.treasury_grant)
    collected_wei = await treasury.collected_of_wei(deployment.treasury_grant)
    assert TREASURY_GRANT_WEI // 104 <= collected_wei < TREASURY_GRANT_WEI // 80
    assert await treasury.holdings_wei() == held_wei + collected_wei
    with pytest.raises(TreasuryOnlyTimelock):
        await treasury.pay(BANK, BANK.address, nvy("1"), "mine")
    with pytest.raises(Exception, match="llowance"):
        await treasury.fund(STRANGER, nvy("1"))


async def test_the_guardian_acts_for_its_holder_alone(visit: Visit) -> None:
    guardian = visit.governance.guardian
    assert await guardian.holder() == BANK.address
    assert await guardian.expires_at_s() > await visit.chain.time_s()
    await guardian.pause(BANK, DAY_S)
    assert await visit.governance.params.paused_until_s() > await visit.chain.time_s()
    none = Actions((), (), (), "")
    for attempt in (
        guardian.pause(STRANGER, DAY_S),
        guardian.renew(STRANGER, STRANGER.address),
        guardian.cancel(STRANGER, visit.governance.standard.address, none, bytes(32)),
    ):
        with pytest.raises(Exception, match=r"holder|timelock") as refused:
            await attempt
        assert type(refused.value).__name__.startswith(GuardianNotHolder.__name__[:8])


async def test_timelocks_belong_to_their_governors(visit: Visit) -> None:
    governance = visit.governance
    for is_constitutional, days in ((False, 3), (True, 28)):
        timelock = governance.timelock(is_constitutional)
        assert await timelock.governor() == governance.governor(is_constitutional).address
        assert await timelock.is_constitutional() == is_constitutional
        assert await timelock.min_delay_s() == days * DAY_S
        assert await timelock.timestamp_of_s(bytes(32)) == 0
        assert not await timelock.has_role(bytes(32), BANK.address)


def test_a_deployment_without_an_economy_has_no_governance() -> None:
    bare = Deployment(1, "0x", 1, *(ZERO_ADDRESS,) * 4)
    with pytest.raises(ConfigError, match="nothing to vote on"):
        Governance(None, bare)  # type: ignore[arg-type]
