"""Market, stakes and channels as compiled, in a bare EVM; clients and a delegate who sign."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from tests.differential.plain_evm import CHAIN_ID, Answer, Contract, PlainEvm, account

from neurovoyance.chain.deploy import create_address
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.vouchers import (
    Delegation,
    Voucher,
    channel_id_of,
    sign_delegation,
    sign_voucher,
)
from neurovoyance.tokenomics.channels import Money
from neurovoyance.tokenomics.staking import Stake

NVY = 10**18
BEGIN_S = 1_800_000_000
DEPOSIT_WEI = 1_000 * NVY
STAKE_WEI = 5_000 * NVY


def signer(number: int) -> LocalAccount:
    """Return a key of a numbered party."""
    made: LocalAccount = Account.from_key(keccak(b"channels" + number.to_bytes(4, "big")))
    return made


class ChannelWorld:
    """Two clients with free balance, two providers with stake, a delegate.

    Attributes:
        parties: everybody who may call, by name.
    """

    def __init__(self) -> None:
        self.keys = [signer(number) for number in range(3)]
        self.clients = [key.address for key in self.keys[:2]]
        self.delegate = self.keys[2].address
        self.providers, self.operators = [account(1), account(2)], [account(3), account(4)]
        self.evm = PlainEvm(BEGIN_S)
        holders = [*self.clients, *self.providers]
        self.token = self.evm.deploy_token(holders, [10**27 // 4] * 4)
        self._deploy()
        self._fund()
        self.evm.keep()

    def _deploy(self) -> None:
        """Deploy what names each other; the nonce of the token's creation was 0."""
        at = [create_address(account(0), nonce) for nonce in (1, 2, 3)]
        economy = (*[ZERO_ADDRESS] * 2, at[2], *[ZERO_ADDRESS] * 3)
        nobody, token = (ZERO_ADDRESS, ZERO_ADDRESS), self.token.address
        args: tuple[Any, ...] = (token, at[1], account(9), *nobody, economy)
        self.stakes = self.evm.deploy("contracts/staking/StakeManager.sol", "StakeManager", args)
        args = (token, at[0], account(8), *nobody, economy)
        self.market = self.evm.deploy("contracts/market/JobMarket.sol", "JobMarket", args)
        args = (at[1], at[0], ZERO_ADDRESS, ZERO_ADDRESS)
        source = "contracts/market/PaymentChannels.sol"
        self.channels = self.evm.deploy(source, "PaymentChannels", args)
        found = [self.stakes.address, self.market.address, self.channels.address]
        assert found == at
        # Errors of the others come through.
        self.channels.errors |= self.market.errors | self.stakes.errors

    def _fund(self) -> None:
        for client in self.clients:
            self._done(self.token, client, "approve", self.market.address, 2**255)
            self._done(self.market, client, "deposit", DEPOSIT_WEI)
        for provider, operator in zip(self.providers, self.operators, strict=True):
            self._done(self.token, provider, "approve", self.stakes.address, 2**255)
            self._done(self.stakes, provider, "register", operator, "http://127.0.0.1:1")
            self._done(self.stakes, provider, "stake", STAKE_WEI)

    @staticmethod
    def _done(contract: Contract, sender: str, function: str, *args: Any) -> None:
        assert contract.send(sender, function, *args).refusal is None, function

    def money(self) -> Money:
        """Return the balances that the twin starts from."""
        money = Money()
        for client in self.clients:
            money.free[client] = DEPOSIT_WEI
        for provider, operator in zip(self.providers, self.operators, strict=True):
            money.stakes[provider] = Stake(STAKE_WEI)
            money.operators[provider] = operator
        return money

    # --- messages ---

    def channel_id(self, client: str, salt: bytes) -> bytes:
        """Return the id of a channel."""
        return channel_id_of(CHAIN_ID, self.channels.address, client, salt)

    def sign(self, voucher: Voucher, key: LocalAccount) -> bytes:
        """Return the signature of a voucher."""
        return sign_voucher(voucher, key, chain_id=CHAIN_ID, channels=self.channels.address)

    def permit(self, delegation: Delegation, key: LocalAccount) -> bytes:
        """Return the signature of a permission."""
        return sign_delegation(delegation, key, chain_id=CHAIN_ID, channels=self.channels.address)

    def call(self, sender: str, function: str, *args: Any) -> Answer:
        """Call the channels."""
        return self.channels.send(sender, function, *args)
