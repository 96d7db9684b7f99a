"""Checks of a provider's node: its standing on chain, its settings, its place in the network.

Place: part of ``doctor_checks``, for a home folder with node settings. Reads the chain and asks the
node's own addresses; the journal is opened for reading alone. Never: a step of the node.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from neurovoyance.cli.doctor_finding import Finding, fail, ok, unknown, warn
from neurovoyance.cli.output import nvy, size
from neurovoyance.cli.status_words import smallest_lock_wei
from neurovoyance.protocol.errors import NeurovoyanceError

if TYPE_CHECKING:
    from neurovoyance.chain.contracts import Contracts
    from neurovoyance.node.settings import NodeSettings

GAS_LEAST_WEI = 10**16
BUDGET_LEAST_BYTES = 1 << 30
_TIMEOUT_S = 5.0


async def check_standing(contracts: Contracts, settings: NodeSettings) -> list[Finding]:
    """Check operator, gas and stake on chain."""
    findings = []
    try:
        own = own_operator(settings)
    except NeurovoyanceError as error:
        return [fail("operator", error.message, error.hint or "Restore the backup of the key.")]
    try:
        registered = await contracts.stakes.operator_of(settings.owner)
        findings.append(_operator(registered, own, settings))
        findings.append(_gas(await contracts.client.balance_wei(own), own))
        stake = await contracts.stakes.stake_of(settings.owner)
        findings.append(_stake(stake.own_wei, stake.locked_wei, stake.seats, settings))
    except NeurovoyanceError as error:
        findings.append(unknown("operator", f"the chain cannot be read: {error.message}"))
    return findings


def own_operator(settings: NodeSettings) -> str:
    """Return the address of the node's hot key, without its password.

    Raises:
        ConfigError: its file is missing, open to others, or no keystore.
    """
    from neurovoyance.chain.wallet import Wallet, wallet_address

    if settings.operator_raw_key is not None:
        secret = settings.operator_raw_key.get_secret_value()
        return Wallet.from_raw_key(secret, chain_id=settings.chain_id).address
    return wallet_address(settings.operator_keystore or Path())


def _operator(registered: str, own: str, settings: NodeSettings) -> Finding:
    if registered != own:
        return fail(
            "operator",
            f"the chain names {registered} for {settings.owner}, the node has {own}",
            "Register it with `neurovoyance node init`.",
        )
    return ok("operator", f"{own} is registered for {settings.owner}")


def _gas(balance_wei: int, operator: str) -> Finding:
    from neurovoyance.protocol.units import format_nvy

    words = f"{format_nvy(balance_wei)} coins for gas"
    if balance_wei < GAS_LEAST_WEI:
        advice = f"Send native coin to {operator}; without it deadlines pass, which costs stake."
        return (fail if not balance_wei else warn)("gas", words, advice)
    return ok("gas", words)


def _stake(own_wei: int, locked_wei: int, seats: int, settings: NodeSettings) -> Finding:
    words = f"{nvy(own_wei)}, {nvy(locked_wei)} behind jobs, {seats} seats"
    needed_wei = smallest_lock_wei(
        {
            "base_price_wei": settings.base_price_wei,
            "lock_multiple": settings.lock_multiple,
            "min_lock_wei": settings.min_lock_wei,
        }
    )
    if not own_wei:
        return fail("stake", "none: no job can be taken", "Stake with `neurovoyance node init`.")
    if own_wei - locked_wei < needed_wei:
        advice = "The free rest backs no job now; add some with `neurovoyance stake add`."
        return warn("stake", words, advice)
    return ok("stake", words)


def check_storage(settings: NodeSettings) -> Finding:
    """Check that the store can be written, and that its budget fits the disk."""
    import shutil

    from neurovoyance.cli.doctor_machine import existing

    folder = existing(settings.data_dir)
    if not os.access(folder, os.W_OK):
        return fail("storage", f"{settings.data_dir} cannot be written", "Mend its owner and mode.")
    used = sum(
        path.stat().st_size for path in (settings.data_dir / "storage").rglob("*") if path.is_file()
    )
    free = shutil.disk_usage(folder).free
    words = f"{size(used)} of {size(settings.storage_bytes)} used, {size(free)} free on the disk"
    if settings.storage_bytes < BUDGET_LEAST_BYTES:
        return warn("storage", words, "Few models fit; raise storage_bytes in node.toml.")
    if settings.storage_bytes - used > free:
        return warn("storage", words, "The budget is more than the disk has; lower storage_bytes.")
    return ok("storage", words)


def check_journal(settings: NodeSettings) -> Finding:
    """Read the journal and check its pages, without writing."""
    path = settings.data_dir / "journal.sqlite"
    if not path.exists():
        return ok("journal", "none yet; the node makes it")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            [verdict] = database.execute("PRAGMA quick_check").fetchone()
            [live] = database.execute(
                "SELECT count(*) FROM executions WHERE phase != 'ended'"
            ).fetchone()
    except sqlite3.Error as error:
        return fail("journal", f"it cannot be read: {error}", _JOURNAL_ADVICE)
    if verdict != "ok":
        return fail("journal", f"it is damaged: {verdict}", _JOURNAL_ADVICE)
    if path.stat().st_mode & 0o077:
        return fail("journal", "it is open to others, and holds keys", f"chmod 600 {path}")
    return ok("journal", f"whole, {live} jobs have not ended")


_JOURNAL_ADVICE = (
    "Stop the node before it commits anew; put back the newest `neurovoyance wallet backup`."
)


async def check_port(settings: NodeSettings) -> Finding:
    """Check that the node answers on its port, or that the port is free for it."""
    from neurovoyance.cli.status_facts import url_of

    if not settings.listen_port:
        return ok("port", "any free one")
    answer = await asked(f"{url_of(settings)}/v1/status")
    if answer is not None and answer.get("provider") == settings.owner:
        return ok("port", f"{settings.listen_port}: the node answers")
    if answer is not None:
        return fail(
            "port",
            f"{settings.listen_port}: the node of {answer.get('provider')} answers there",
            "Give each node a port of its own: listen_port in node.toml.",
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", settings.listen_port))
        except OSError:
            words = f"{settings.listen_port}: another program has it"
            return fail("port", words, "End it, or choose another listen_port.")
    words = f"{settings.listen_port} is free: the node does not run"
    return warn("port", words, "Start it with `neurovoyance node start`.")


async def check_gateway(settings: NodeSettings) -> Finding:
    """Judge whether strangers reach the node, and say what it means if they do not."""
    endpoint = settings.endpoint
    if endpoint is None or is_private(urlsplit(endpoint).hostname or ""):
        where = endpoint or f"http://{settings.listen_host}:{settings.listen_port}"
        words = f"{where} is reached from this machine or network alone"
        if settings.allow_private_addresses:
            return ok("gateway", f"{words}, as on a private network")
        return warn(
            "gateway",
            f"{words}; clients elsewhere cannot ask its price or fetch results from it. It still "
            "takes listed jobs, and results travel through an IPFS daemon if one is set",
            "Forward a port or use a proxy and name it as endpoint, or set kubo_rpc_url.",
        )
    answer = await asked(f"{endpoint}/v1/status")
    if answer is not None and answer.get("provider") == settings.owner:
        return ok("gateway", f"{endpoint} leads to this node")
    if answer is not None:
        words = f"{endpoint} leads to the node of {answer.get('provider')}"
        return fail("gateway", words, "Name your own address as endpoint in node.toml.")
    return unknown(
        "gateway",
        f"{endpoint} does not answer from here; many routers do not lead back to themselves",
        f"Try from another line: curl {endpoint}/v1/status",
    )


def is_private(host: str) -> bool:
    """Tell whether a host is of this machine or of a private network; unknown names are public."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".lan", ".internal"))


async def asked(url: str) -> dict[str, Any] | None:
    """Return the JSON object that an address answers, or None."""
    import json

    import aiohttp

    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            body = json.loads(await response.content.read(1 << 20))
            return body if response.status == 200 and isinstance(body, dict) else None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return None
