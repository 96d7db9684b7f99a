"""Holders, proposals and dates on the chain itself: the other side of ``test_governance``."""

from __future__ import annotations

from tests.e2e.dapp.world import BANK
from tests.e2e.dapp_days.days import Days, new_wallet

from neurovoyance.chain.governing import Governance
from neurovoyance.chain.governors import ProposalState, Support
from neurovoyance.chain.wallet import Wallet
from neurovoyance.cli.demo_model import shipped_manifest
from neurovoyance.governance.acting import prepare_propose
from neurovoyance.governance.drafting import draft
from neurovoyance.governance.proposal_file import Draft
from neurovoyance.protocol.ids import hex_of
from neurovoyance.tokenomics.params import default_of

TICK_S = 86_400


class Council:
    """Governance of a network that can be moved in time.

    Attributes:
        contracts: of governance; their methods are for ``days.do``.
    """

    def __init__(self, days: Days) -> None:
        self.days = days
        self.contracts = Governance(days.contracts.client, days.contracts.deployment)

    def holder(self, amount_wei: int) -> Wallet:
        """Return a new account with stake behind the bank, whose votes nobody casts yet."""
        made = new_wallet()
        self.days.fund(made.address, amount_wei)
        self.stake(made, amount_wei)
        return made

    def stake(self, wallet: Wallet, amount_wei: int) -> None:
        """Put an account's tokens behind the bank."""
        self.days.do(self._staked(wallet, amount_wei))

    async def _staked(self, wallet: Wallet, amount_wei: int) -> None:
        all_ = self.days.contracts
        await all_.token.approve(wallet, all_.deployment.stake_manager, amount_wei)
        await all_.stakes.delegate(wallet, BANK.address, amount_wei)

    def proposed(self, sentence: str) -> Draft:
        """Let the bank propose something."""
        return self.days.do(self._proposed(sentence))

    async def _proposed(self, sentence: str) -> Draft:
        made = await draft(self.contracts, sentence)
        await (await prepare_propose(self.contracts, made, BANK.address)).send(BANK)
        return made

    def registered(self, name: str) -> str:
        """Let the bank register the sample model under another name; return its id."""
        return self.days.do(self._registered(name))

    async def _registered(self, name: str) -> str:
        manifest = shipped_manifest().model_copy(update={"name": name})
        await self._with_bond()
        await self.days.contracts.registry.register(BANK, manifest.canonical_bytes())
        return hex_of(manifest.model_id())

    def challenge(self, model_id: str) -> None:
        """Let the bank challenge a model's certificate."""
        self.days.do(self._challenged(bytes.fromhex(model_id[2:])))

    async def _challenged(self, model_id: bytes) -> None:
        await self._with_bond()
        await self.days.contracts.registry.challenge(BANK, model_id, b"\x01\x55" + bytes(34))

    async def _with_bond(self) -> None:
        all_ = self.days.contracts
        bond_wei = default_of("registrantBondWei")
        await all_.token.approve(BANK, all_.deployment.registry, bond_wei)

    def vote(self, made: Draft, wallet: Wallet, support: Support) -> None:
        """Let an account vote."""
        governor = self.contracts.governor(made.is_constitutional)
        self.days.do(governor.cast_vote(wallet, made.actions.proposal_id, support))

    def state(self, proposal_id: int, *, is_constitutional: bool = False) -> ProposalState:
        """Return what the governor says."""
        return self.days.do(self.contracts.governor(is_constitutional).state(proposal_id))

    def to(self, time_s: int) -> None:
        """Go to a second, if it is not over."""
        missing_s = time_s + 1 - self.days.do(self.contracts.client.time_s())
        if missing_s > 0:
            self.days.pass_s(missing_s)

    def to_next_day(self) -> None:
        """Go to where votes of today count."""
        self.to(self.days.do(self.contracts.votes.clock_s()) + TICK_S)

    def to_voting(self, proposal_id: int, *, is_constitutional: bool = False) -> None:
        """Go to the first second of voting."""
        governor = self.contracts.governor(is_constitutional)
        self.to(self.days.do(governor.snapshot_s(proposal_id)) + TICK_S)

    def to_end(self, proposal_id: int) -> None:
        """Go to where no vote is taken any more."""
        self.to(self.days.do(self.contracts.standard.deadline_s(proposal_id)) + TICK_S)
