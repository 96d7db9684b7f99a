"""L1: the only package that talks to a chain, and the only one that imports py-evm.

Everything that touches the network is async; addresses are checksummed ``str``; hashes of
transactions and blocks are ``0x`` hex ``str``; job ids, roots, keys and CIDs are ``bytes``.

Public API::

    DEVNET_CHAIN_ID = 31337

    # rpc.py - several endpoints, one of them answers
    RpcPool(urls: Sequence[str], *, expected_chain_id: int | None = None, timeout_s: float = 10.0,
            attempts: int = 3, max_response_bytes: int = 33_554_432)     # async with, or open/close
      .chain_id -> int;  .health() -> tuple[EndpointHealth, ...]
      await .request(method, params=(), *, timeout_s=None) -> Any        # RpcError | RpcRefused
      await .request_all([(method, params), ...]) -> list[Any]           # all on one endpoint
      await .wait_until_up(timeout_s=60.0) -> None                       # RpcError when still down

    # fees.py
    FeePolicy(cap_wei_per_gas=200 gwei, min_tip_wei_per_gas, stuck_after_s=45.0, bump_bps=1250, ...)

    # client.py - read, send, wait
    await ChainClient.connect(urls, *, state_dir: Path, expected_chain_id: int | None = None,
            fees=FeePolicy(), confirmations=1, receipt_timeout_s=180.0, poll_s=0.25,
            rpc_timeout_s=10.0) -> ChainClient
      async with client: ... / await client.close()
      .chain_id: int; .genesis_hash: str; .rpc: RpcPool
      await .call(call: Call, *, block="latest", sender=None) -> tuple[Any, ...]
      await .send(call: Call, wallet: Wallet, *, idempotency_key: str | None = None,
                  value_wei=0, confirmations=None, timeout_s=None) -> Receipt
          # same idempotency_key again: the same transaction, never a second one
          # raises a ContractRevert subclass (nothing sent, or mined and reverted), RpcError,
          # TransactionError (still pending, or fees above the cap), InsufficientFunds
      await .block_number() -> int;  await .block(number | "latest") -> Block
      await .time_s() -> int          # timestamp of the latest block, unix seconds
      await .balance_wei(address) -> int;  await .code(address) -> bytes
      await .receipt(tx_hash) -> Receipt | None
      await .wait_for_time(time_s, timeout_s=...) / .wait_for_block(number, timeout_s=...)
    Receipt(tx_hash, block_number, block_hash, is_success, gas_used, gas_price_wei, logs, events)
      .one(JobPosted) -> JobPosted    # the only event of that class
    Block(number, hash, parent_hash, timestamp_s, base_fee_wei)

    # contracts.py - every call of the contracts, typed; sends return a Receipt, and all take
    # the keyword idempotency_key: str | None = None
    Contracts(client, deployment): .token .stakes .market .beacon
    Token:  name() symbol() total_supply_wei() balance_of_wei(a) allowance_wei(owner, spender)
            permit_nonce(owner) cap_wei() domain_separator(); transfer(wallet, to, amount_wei)
            transfer_from(wallet, owner, to, amount_wei) approve(wallet, spender, amount_wei)
            burn(wallet, amount_wei) burn_from(wallet, owner, amount_wei)
            permit(wallet, owner, spender, amount_wei, permit)
            await sign_permit(wallet, spender, amount_wei, deadline_s) -> Permit
    Stakes: operator_of(p) stake_of(p) -> StakeRecord free_of_wei(p) insurance_wei() insurance()
            market() token(); register(wallet, operator, endpoint) set_operator(wallet, operator)
            set_endpoint(wallet, provider, endpoint) stake(wallet, amount_wei)
            stake_with_permit(wallet, amount_wei, permit) request_unbonding(wallet, amount_wei)
            withdraw_unbonded(wallet) collect_insurance(wallet)
    Market: job(job_id) -> JobRecord  state_of(job_id) -> JobState  free_of_wei(client)
            earned_of_wei(provider) is_nonce_used(provider, nonce) is_lock_open(job_id)
            job_id_of(client, salt, spec_hash) spec_hash_of(spec) offer_hash_of(offer)
            token() stake_manager() beacon()
            deposit(wallet, amount_wei) deposit_with_permit(wallet, amount_wei, permit)
            withdraw(wallet, amount_wei)
            post(wallet, spec, salt, *, max_price_wei, min_lock_wei, deadline_s, source="",
                 payment=None)
            accept(wallet, job_id, spec, salt, provider, *, price_wei, lock_wei)
            open(wallet, spec, salt, offer, signature, *, payment=None)
            revoke_nonce(wallet, provider, nonce)
            cancel(wallet, job_id) commit(wallet, job_id, commitment, shift, envelope_cid)
            draw(wallet, job_id) reveal(wallet, job_id, opening)
            draw_and_reveal(wallet, job_id, opening)
            declare_invalid(wallet, job_id, spec, salt) confirm(wallet, job_id)
            settle(wallet, job_id) settle_batch(wallet, job_ids) expire(wallet, job_id)
            close_lock(wallet, job_id)
            harvest(wallet, provider)
    Beacon: request(wallet) status(round) -> BeaconStatus value(round) -> bytes
    Registry: register(wallet, document) challenge rule lapse suspend withdraw_bond model(id)
    Audits, Disputes (courts.py, disputes.py): one method per function; facts as in the events
    JobRecord(provider, deadline_s, state, job_class, beacon_round, shift, price_wei, lock_wei,
              window_s, p_bps, p_econ_bps, max_runtime_s, flags, client, held_wei, binding)
    StakeRecord(own_wei, locked_wei, seats, unbonding_wei, unbonding_ready_at_s)
    await history(client, addresses, job_or_dispute_id, start_block=...) -> list[ChainEvent]

    # events.py (import its classes from there) - frozen dataclasses; all carry
    # .meta: LogMeta(address, block_number, block_hash,
    # tx_hash, log_index); integers have their unit in the name
    JobPosted(job_id, client, spec: RawJobSpec, salt, max_price_wei, min_lock_wei, deadline_s,
              source)
        # .spec holds what the chain holds; spec.checked() -> JobSpec, may raise SpecError
    JobAssigned(job_id, client, provider, price_wei, lock_wei, deadline_s)  JobCommitted(...) ...
    EventCursor(client, addresses: Iterable[str], name: str, *, state_path: Path,
                start_block: int, confirmations=0, chunk_blocks=2_000, poll_s=1.0, outage_s=600.0)
      await .read() -> Batch                    # what is new; does not move the committed cursor
      await .commit(batch) -> None              # after the items took effect
      async for batch in cursor.batches(): ...  # never empty; commit it yourself
      async for item in cursor: ...             # commits a batch after its last item
    Batch(items: tuple[ChainEvent | Rollback, ...], from_block, to_block, to_hash)
    Rollback(to_block)                          # forget everything above this block; comes first

    # reverts.py (import its classes from there) - one class per Solidity error, the same values
    # as snake_case attributes
    JobMarketWrongState(job_id, found, needed), JobMarketOfferExpired(offer_hash, valid_until)...
    decode_revert(data: bytes) -> ContractRevert

    # wallet.py - encrypted keystore files
    Wallet.create(path, password, *, role=KeyRole.OPERATOR, scrypt_n=2**18) -> Wallet
    Wallet.import_key(path, password, private_key, *, role, scrypt_n=2**18) -> Wallet
    Wallet.open(path, password) -> Wallet
    Wallet.from_raw_key(private_key, *, chain_id) -> Wallet     # ConfigError off the devnet
      .address .role .path .account (eth_account LocalAccount)
      .sign_typed_data(domain, types, message) -> bytes   .sign_permit(...) -> Permit
      .backup(target);  restore_backup(source, target, password) -> Wallet
    wallet_address(path) -> Address;  wallet_role(path) -> KeyRole      # without the password

    # deploy.py
    await deploy(client, wallet, *, insurance: str | None = None,
                 allocation_wei: Mapping[Address, int] | None = None,
                 audits: AuditSettings | None = None, path=None) -> Deployment
    Deployment(chain_id, genesis_hash, deploy_block, token, beacon, stake_manager, market,
               registry, audit_court, dispute_court)  # the last three zero without audits
      .contract_addresses() -> tuple[str, ...]
    save_deployment(deployment, path); load_deployment(path, chain_id) -> Deployment
    await verify_deployment(client, deployment) -> None         # ConfigError: wiped or other chain

    # devnet.py - py-evm behind JSON-RPC on 127.0.0.1, nothing persisted
    async with Devnet(port=0, *, host="127.0.0.1", block_interval_s=1.0) as devnet:
        devnet.url; devnet.port; devnet.wallet(0)
    with DevnetThread(port=0) as devnet: ...                    # for synchronous callers and tests
    devnet_wallet(index) -> Wallet    # publicly known keys, funded on every devnet
    ChainControl(rpc): .increase_time(seconds) .set_next_timestamp(time_s) .mine(blocks=1)
                       .snapshot() -> str .revert(snapshot_id) .reorganise(depth)
                       .set_automine(is_on)                     # devnet and Anvil
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurovoyance.chain.abi_codec import Call
from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import Block, ChainClient, Receipt
from neurovoyance.chain.contracts import (
    Beacon,
    BeaconStatus,
    Contracts,
    JobRecord,
    Market,
    StakeRecord,
    Stakes,
    Token,
)
from neurovoyance.chain.deploy import deploy, verify_deployment
from neurovoyance.chain.deployment import Deployment, load_deployment, save_deployment
from neurovoyance.chain.devnet_keys import DEVNET_MNEMONIC, devnet_wallet
from neurovoyance.chain.endpoint import EndpointHealth
from neurovoyance.chain.event_base import ChainEvent, LogMeta, RawJobSpec
from neurovoyance.chain.events import Batch, EventCursor, Rollback
from neurovoyance.chain.fees import FeePolicy
from neurovoyance.chain.reverts import decode_revert
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.chain.rpc_errors import RpcRefused, WrongChain
from neurovoyance.chain.wallet import (
    DEVNET_CHAIN_ID,
    KeyRole,
    Permit,
    Wallet,
    restore_backup,
    wallet_address,
    wallet_role,
)
from neurovoyance.protocol.stack_guard import restore_recursion_limit

restore_recursion_limit()

if TYPE_CHECKING:
    from neurovoyance.chain.devnet import Devnet, DevnetThread

__all__ = [
    "DEVNET_CHAIN_ID",
    "DEVNET_MNEMONIC",
    "Batch",
    "Beacon",
    "BeaconStatus",
    "Block",
    "Call",
    "ChainClient",
    "ChainControl",
    "ChainEvent",
    "Contracts",
    "Deployment",
    "Devnet",
    "DevnetThread",
    "EndpointHealth",
    "EventCursor",
    "FeePolicy",
    "JobRecord",
    "KeyRole",
    "LogMeta",
    "Market",
    "Permit",
    "RawJobSpec",
    "Receipt",
    "Rollback",
    "RpcPool",
    "RpcRefused",
    "StakeRecord",
    "Stakes",
    "Token",
    "Wallet",
    "WrongChain",
    "decode_revert",
    "deploy",
    "devnet_wallet",
    "load_deployment",
    "restore_backup",
    "save_deployment",
    "verify_deployment",
    "wallet_address",
    "wallet_role",
]


def __getattr__(name: str) -> Any:
    """Load the devnet only when it is asked for: py-evm takes a second to import."""
    if name in ("Devnet", "DevnetThread"):
        from neurovoyance.chain import devnet

        return getattr(devnet, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
