"""Test coins for whoever asks, on the development chain alone.

Place: under ``faucet_routes``; sends through the chain client, so one sender a key. The account is
one of the publicly known ones and nothing else uses it; its coins are worth nothing. Never: made
for another chain.
"""

from __future__ import annotations

from dataclasses import dataclass

from limits import RateLimitItemPerHour

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID, Wallet
from neurovoyance.marketplace.dapp.allowance import Allowance
from neurovoyance.marketplace.errors import FaucetEmpty
from neurovoyance.protocol.errors import ConfigError, InsufficientFunds, SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.units import WEI_PER_NVY

GRANT_GAS_WEI = 10**18
GRANT_WEI = 1_000 * WEI_PER_NVY


@dataclass(frozen=True, slots=True)
class Grant:
    """What an address was given.

    Attributes:
        gas_wei: native coin sent now; 0 where the address held enough.
        gas_tx_hash: None where none was sent.
        amount_wei: NVY sent now.
        block: where the last of it was mined.
    """

    address: Address
    gas_wei: int
    gas_tx_hash: str | None
    amount_wei: int
    tx_hash: str
    block: int


class Faucet:
    """Gives each address once an hour.

    Args:
        contracts: of the development chain.
        wallet: holds what is given.
        per_host_per_hour: grants to one network address.

    Raises:
        ConfigError: the chain is another one.
    """

    def __init__(self, contracts: Contracts, wallet: Wallet, *, per_host_per_hour: int) -> None:
        if contracts.client.chain_id != DEVNET_CHAIN_ID:
            raise ConfigError(
                f"Test coins are given on the development chain {DEVNET_CHAIN_ID} alone.",
                hint="Leave faucet_account out.",
                faults=["faucet_account: another chain"],
            )
        self._contracts = contracts
        self._wallet = wallet
        self._addresses = Allowance(RateLimitItemPerHour(1), "grants to this address")
        self._hosts = Allowance(RateLimitItemPerHour(per_host_per_hour), "grants to this machine")

    async def grant(self, address: Address, host: str) -> Grant:
        """Send coins and wait until they are there.

        Raises:
            SpecError: nobody owns the address; nothing was sent.
            RateLimited: it got some within the hour, or its network address got too many.
            FaucetEmpty: there is too little left.
            ChainError: they could not be sent; asking again at once is allowed.
        """
        if address in (ZERO_ADDRESS, self._wallet.address):
            raise SpecError("address: coins sent there would help nobody; nothing was sent.")
        self._addresses.take(address)
        try:
            self._hosts.take(host)
            return await self._give(address)
        except InsufficientFunds as error:
            self._addresses.give_back(address)
            raise FaucetEmpty("The account of the test coins has no gas left.") from error
        except BaseException:
            self._addresses.give_back(address)
            raise

    async def _give(self, address: Address) -> Grant:
        contracts, wallet = self._contracts, self._wallet
        if await contracts.token.balance_of_wei(wallet.address) < GRANT_WEI:
            raise FaucetEmpty("The account of the test coins has too few left.")
        gas_wei, gas_tx_hash = 0, None
        if await contracts.client.balance_wei(address) < GRANT_GAS_WEI:
            sent = await contracts.client.transfer_native(wallet, address, GRANT_GAS_WEI)
            gas_wei, gas_tx_hash = GRANT_GAS_WEI, sent.tx_hash
        given = await contracts.token.transfer(wallet, address, GRANT_WEI)
        return Grant(address, gas_wei, gas_tx_hash, GRANT_WEI, given.tx_hash, given.block_number)
