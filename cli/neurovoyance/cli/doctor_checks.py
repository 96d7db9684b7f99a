"""All checks of ``neurovoyance doctor`` in the order of dependence.

Place: gathers ``doctor_machine``, ``doctor_chain``, ``doctor_node``, ``doctor_devices`` and
``doctor_services``. A check changes nothing but a scratch file, and never fails: what it cannot
find out is a finding as well. Never: a password prompt, or a word to the outside beyond the
configured addresses.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from neurovoyance.cli import doctor_devices, doctor_machine, doctor_node, doctor_services
from neurovoyance.cli.doctor_chain import Where, check_chain
from neurovoyance.cli.doctor_finding import Finding, fail, ok, warn
from neurovoyance.client.opening import PROFILE_NAME
from neurovoyance.client.settings import NetworkProfile, load_profile
from neurovoyance.protocol.errors import ConfigError

if TYPE_CHECKING:
    from neurovoyance.node.settings import NodeSettings


async def run_checks(home: Path, config: Path | None = None) -> list[Finding]:
    """Return all findings about this machine, a home folder and the node in it.

    Args:
        home: folder of the client.
        config: settings of the node; those in the home folder if None.
    """
    findings = await asyncio.to_thread(_machine, home)
    try:
        settings = _settings(home, config)
    except ConfigError as error:
        faults = [fail("settings", error.message, error.hint)]
        return [*findings, *faults]
    findings.append(await doctor_devices.check_providers())
    findings += await asyncio.to_thread(_devices, settings)
    profile, words = _profile(home)
    findings.append(words)
    with tempfile.TemporaryDirectory(prefix="doctor-") as scratch:
        where = _where(home, profile, settings, Path(scratch))
        if where is not None:
            findings += await _on_chain(home, where, profile, settings)
    if settings is not None:
        findings += await _of_node(settings)
    elif profile is not None:
        findings.append(await doctor_services.check_kubo(profile.kubo_rpc_url))
    return [*findings, await doctor_services.check_database()]


def _machine(home: Path) -> list[Finding]:
    return [
        doctor_machine.check_python(),
        doctor_machine.check_packages(),
        *doctor_machine.check_engines(),
        doctor_machine.check_home(home),
        doctor_machine.check_disk(home),
        doctor_machine.check_disk_speed(home),
        doctor_machine.check_memory(),
        doctor_machine.check_keys(home),
        doctor_machine.check_loopback(),
        doctor_machine.check_sandbox(),
    ]


def _devices(settings: NodeSettings | None) -> list[Finding]:
    idle = settings.idle if settings else None
    return [doctor_devices.check_gpus(), doctor_devices.check_sensors(idle)]


def _settings(home: Path, config: Path | None) -> NodeSettings | None:
    from neurovoyance.cli.node_chain import own_settings

    return own_settings(config, home)


def _profile(home: Path) -> tuple[NetworkProfile | None, Finding]:
    try:
        profile = load_profile(home / PROFILE_NAME)
    except ConfigError as error:
        advice = (
            "Join a network with `neurovoyance join INVITATION`, or start one: `neurovoyance up`."
        )
        return None, warn("network", error.message, advice)
    words = f"{profile.name}, chain {profile.chain_id}, {len(profile.rpc_urls)} endpoint(s)"
    return profile, ok("network", words)


def _where(
    home: Path,
    profile: NetworkProfile | None,
    settings: NodeSettings | None,
    scratch: Path,
) -> Where | None:
    """Return the chain that is meant: the node's own settings count before the client's."""
    is_devnet = profile is not None and profile.devnet_account is not None
    if settings is not None:
        path = settings.deployment_path
        return Where(settings.rpc_urls, settings.chain_id, path, is_devnet, scratch)
    if profile is not None:
        path = home / profile.deployment
        return Where(profile.rpc_urls, profile.chain_id, path, is_devnet, scratch)
    return None


async def _on_chain(
    home: Path, where: Where, profile: NetworkProfile | None, settings: NodeSettings | None
) -> list[Finding]:
    from neurovoyance.chain.contracts import Contracts
    from neurovoyance.chain.deployment import load_deployment

    findings, client = await check_chain(where)
    if client is None:
        return findings
    async with client:
        is_sound = all(finding.state != "fail" for finding in findings)
        if is_sound and settings is not None:
            deployment = load_deployment(where.deployment_path, where.chain_id)
            contracts = Contracts(client, deployment)
            findings += await doctor_node.check_standing(contracts, settings)
        if is_sound and profile is not None and profile.devnet_account is not None:
            findings.append(await check_nodes(home))
    return findings


async def _of_node(settings: NodeSettings) -> list[Finding]:
    secret = settings.kubo_authorization
    authorization = secret.get_secret_value() if secret else None
    return [
        await asyncio.to_thread(doctor_node.check_storage, settings),
        await asyncio.to_thread(doctor_node.check_journal, settings),
        await doctor_node.check_port(settings),
        await doctor_node.check_gateway(settings),
        await doctor_services.check_kubo(settings.kubo_rpc_url, authorization),
        await doctor_services.check_redis(settings),
        await doctor_services.check_markets(list(settings.markets)),
        await asyncio.to_thread(doctor_services.check_unit),
    ]


async def check_nodes(home: Path) -> Finding:
    """Ask every announced node for its status; only where no password is needed to look."""
    from neurovoyance.client.opening import open_from_profile

    async with await open_from_profile(home, serve=False) as client:
        nodes = await client.nodes()
    answers = await asyncio.gather(
        *(doctor_node.asked(f"{node.endpoint}/v1/status") for node in nodes)
    )
    answering = sum(answer is not None for answer in answers)
    words = f"{answering} of {len(nodes)} announced nodes answer"
    if answering == len(nodes) and nodes:
        return ok("nodes", words)
    return warn("nodes", words, "Start one with `neurovoyance node start`.")
