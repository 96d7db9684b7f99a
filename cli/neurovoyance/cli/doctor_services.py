"""Checks of services beside the node: IPFS daemon, Redis, PostgreSQL, market services, the unit.

Place: part of ``doctor_checks``. What is not configured is well. Never: an address with a password
in a finding.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING

from neurovoyance.cli.doctor_finding import Finding, fail, ok, unknown, warn
from neurovoyance.cli.doctor_machine import installed
from neurovoyance.cli.doctor_node import asked
from neurovoyance.protocol.errors import ConfigError, NeurovoyanceError, StorageError

if TYPE_CHECKING:
    from neurovoyance.node.settings import NodeSettings

UNIT = "neurovoyance-node.service"
_WAIT_S = 8.0


async def check_kubo(url: str | None, authorization: str | None = None) -> Finding:
    """Check that the IPFS daemon answers."""
    from neurovoyance.ipfs.kubo import KuboBackend

    if url is None:
        return ok("ipfs daemon", "none is configured; content is served by the node itself")
    try:
        async with asyncio.timeout(_WAIT_S), KuboBackend(url, authorization=authorization) as kubo:
            info = await kubo.info()
    except (StorageError, ConfigError, TimeoutError) as error:
        words = error.message if isinstance(error, NeurovoyanceError) else "it does not answer"
        return fail("ipfs daemon", words, "Start it with `ipfs daemon`, or drop kubo_rpc_url.")
    return ok("ipfs daemon", f"answers, {info.agent}")


async def check_redis(settings: NodeSettings) -> Finding:
    """Check that the farm's Redis answers, where there is a farm."""
    if settings.farm_redis is None:
        return ok("redis", "none is configured; this machine computes")
    if installed("redis") is None or installed("celery") is None:
        words = "a farm is configured and its packages are missing"
        return fail("redis", words, "pip install 'neurovoyance[farm]'")
    from neurovoyance.node.farm.broker import connect, require_redis

    try:
        redis = connect(settings.farm_redis.get_secret_value())
        try:
            await require_redis(redis)
        finally:
            await redis.aclose()
    except ConfigError as error:
        return fail("redis", error.message, error.hint)
    return ok("redis", "answers")


async def check_database() -> Finding:
    """Check the market service's database, where the environment names one."""
    if installed("sqlalchemy") is None:
        return ok("postgres", "no market service is installed here")
    from neurovoyance.marketplace.database import Database
    from neurovoyance.marketplace.settings import make_settings

    needed = {
        "rpc_urls": ["http://127.0.0.1"],
        "chain_id": 1,
        "deployment_path": "x",
        "state_dir": "x",
    }
    try:
        url = make_settings(needed).database_url.get_secret_value()
    except ConfigError:
        return ok("postgres", "no database of a market service is configured")
    try:
        database = await asyncio.to_thread(Database, url)
        try:
            await asyncio.wait_for(asyncio.to_thread(database.check), _WAIT_S)
        finally:
            database.close()
    except NeurovoyanceError as error:
        return fail("postgres", error.message, error.hint)
    except TimeoutError:
        return fail("postgres", "the database does not answer", "Start it, or mend its address.")
    return ok("postgres", "the database answers")


async def check_markets(urls: list[str]) -> Finding:
    """Check the market services that get the node's offers."""
    if not urls:
        return ok("markets", "none is configured; clients find the node on chain")
    answers = await asyncio.gather(*(asked(f"{url.rstrip('/')}/v1/providers") for url in urls))
    silent = [url for url, answer in zip(urls, answers, strict=True) if answer is None]
    words = f"{len(urls) - len(silent)} of {len(urls)} market services answer"
    if silent:
        return warn("markets", words, "The others do not show the offer; the chain still does.")
    return ok("markets", words)


def check_unit() -> Finding:
    """Ask systemd whether the node runs as a service and starts with the machine."""
    tool = shutil.which("systemctl")
    if tool is None:
        return unknown("service", "there is no systemd here", "Keep the node running otherwise.")
    found = {}
    for question in ("is-active", "is-enabled"):
        try:
            done = subprocess.run(
                [tool, question, UNIT], capture_output=True, text=True, timeout=_WAIT_S, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            return unknown("service", f"systemd does not answer ({type(error).__name__})")
        found[question] = done.stdout.strip() or "unknown"
    words = f"{UNIT} is {found['is-active']}, {found['is-enabled']}"
    if found["is-enabled"] == "enabled" and found["is-active"] == "active":
        return ok("service", words)
    if found["is-enabled"] in ("unknown", "not-found"):
        advice = "Install deploy/systemd/neurovoyance-node.service to have it start by itself."
        return unknown("service", "the node is not installed as a service", advice)
    return warn("service", words, f"systemctl enable --now {UNIT}")
