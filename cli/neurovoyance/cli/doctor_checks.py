"""The checks of ``neurovoyance doctor``: each looks at one thing and says what to do about it.

Place: logic of the command. A check never changes anything but a scratch file, and never fails:
what it cannot find out is a finding as well. Never: a password prompt, or a word to the outside
beyond the configured endpoints.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import shutil
import socket
import stat
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neurovoyance.client.opening import PROFILE_NAME
from neurovoyance.client.settings import NetworkProfile, load_profile
from neurovoyance.protocol.errors import ConfigError, NeurovoyanceError

if TYPE_CHECKING:
    from neurovoyance.chain.client import ChainClient

Verdict = Literal["ok", "note", "bad"]
GIB = 1 << 30
DISK_LEAST_BYTES = 2 * GIB
MEMORY_LEAST_BYTES = GIB
SKEW_MOST_S = 120
_NODE_TIMEOUT_S = 5.0
_PACKAGES = ("aiohttp", "cryptography", "eth-account", "numpy", "pydantic", "safetensors", "py-evm")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in words, and the advice that follows."""

    name: str
    verdict: Verdict
    words: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as JSON values."""
        return asdict(self)


async def run_checks(home: Path) -> list[Finding]:
    """Return all findings about this machine and a home folder, in the order of dependence."""
    findings = [
        check_python(),
        check_packages(),
        *check_engines(),
        check_home(home),
        check_disk(home),
        check_memory(),
        check_keys(home),
        check_loopback(),
        await asyncio.to_thread(check_sandbox),
    ]
    try:
        profile = load_profile(home / PROFILE_NAME)
    except ConfigError as error:
        advice = "Start a local network with `neurovoyance up`; it writes one."
        return [*findings, Finding("network", "note", error.message, advice)]
    return [*findings, *[item async for item in network_checks(home, profile)]]


def check_python() -> Finding:
    """Check the interpreter and the system."""
    words = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if platform.system() != "Linux":
        return Finding("python", "note", words, "Nodes run on Linux only; clients run here.")
    return Finding("python", "ok", words)


def check_packages() -> Finding:
    """Check that what this software needs is installed."""
    missing = [name for name in _PACKAGES if _version(name) is None]
    if missing:
        return Finding(
            "packages", "bad", f"missing: {', '.join(missing)}", "pip install neurovoyance"
        )
    return Finding("packages", "ok", f"neurovoyance {_version('neurovoyance') or 'from source'}")


def check_engines() -> list[Finding]:
    """Check the inference engine, and that no two packages claim its module."""
    cpu, gpu = _version("onnxruntime"), _version("onnxruntime-gpu")
    if cpu and gpu:
        return [
            Finding(
                "engine",
                "bad",
                f"onnxruntime {cpu} and onnxruntime-gpu {gpu} overwrite each other's files",
                "pip uninstall both, then install one of them again.",
            )
        ]
    found = cpu or gpu
    if found is None:
        words = "onnxruntime is not installed; this machine can buy, not lend"
        engine = Finding("engine", "note", words, "pip install 'neurovoyance[node]'")
    else:
        engine = Finding("engine", "ok", f"onnxruntime{'-gpu' if gpu else ''} {found}")
    magika = _version("magika")
    demo = Finding("demo model", "ok", f"magika {magika}")
    if magika is None:
        demo = Finding(
            "demo model",
            "note",
            "the demo's model is not installed",
            "pip install 'neurovoyance[demo]'",
        )
    return [engine, demo]


def check_home(home: Path) -> Finding:
    """Check that the home folder can be written, and that others cannot read it."""
    folder = next(path for path in (home, *home.parents) if path.exists())
    if not os.access(folder, os.W_OK):
        return Finding(
            "home", "bad", f"{home} cannot be written", "Choose another with --home, or mend it."
        )
    if home.exists() and stat.S_IMODE(home.stat().st_mode) & 0o077 and (home / "keys").exists():
        return Finding("home", "note", f"{home} is open to other users", f"chmod 700 {home}")
    return Finding("home", "ok", str(home) if home.exists() else f"{home}, made when needed")


def check_disk(home: Path) -> Finding:
    """Check for room: models and results are kept in the home folder."""
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    words = f"{free / GIB:.1f} GiB free"
    if free < DISK_LEAST_BYTES:
        return Finding("disk", "bad", words, "Free some space, or move the home folder: --home.")
    return Finding("disk", "ok", words)


def check_memory() -> Finding:
    """Check the memory that an execution could have."""
    import psutil

    memory = psutil.virtual_memory()
    words = f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free"
    words += f", {os.cpu_count() or 1} cores"
    if memory.available < MEMORY_LEAST_BYTES:
        return Finding("memory", "note", words, "A node would refuse most models now.")
    return Finding("memory", "ok", words)


def check_keys(home: Path) -> Finding:
    """Check that key files are readable by their owner alone."""
    files = [*(home / "keys").glob("*.json"), *(home / "node").glob("*.json")]
    if not files:
        return Finding("keys", "ok", "none here; the devnet needs none")
    open_files = [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_files:
        names = " ".join(str(path) for path in open_files)
        return Finding("keys", "bad", "key files are open to others", f"chmod 600 {names}")
    return Finding("keys", "ok", f"{len(files)} encrypted, readable by you alone")


def check_loopback() -> Finding:
    """Check that a port of this machine can be listened on and reached."""
    try:
        with socket.socket() as server, socket.socket() as client:
            server.bind(("127.0.0.1", 0))
            server.listen(1)
            client.settimeout(2)
            client.connect(server.getsockname())
    except OSError as error:
        return Finding("ports", "bad", f"loopback cannot be used: {error}", "Check the firewall.")
    return Finding("ports", "ok", "loopback can be served and reached")


def check_sandbox() -> Finding:
    """Check what the sandbox of a node can enforce on this kernel."""
    from neurovoyance.node.runtime.confinement import (
        ENFORCED,
        WITHOUT,
        describe,
        require_no_network,
    )

    try:
        report = describe()
        require_no_network(report)
    except NeurovoyanceError as error:
        verdict: Verdict = "bad" if platform.system() == "Linux" else "note"
        return Finding("sandbox", verdict, error.message, error.hint)
    held = [measure for measure, found in report.items() if found == ENFORCED]
    words = f"{len(held)} of {len(report)} measures enforced: {', '.join(held)}"
    missing = [
        f"{measure} ({found.removeprefix('not enforced: ')}): {WITHOUT.get(measure, '')}"
        for measure, found in report.items()
        if found != ENFORCED
    ]
    if missing:
        advice = "Models are kept off the network all the same; a newer kernel enforces the rest."
        return Finding("sandbox", "note", f"{words}. Not enforced: {'; '.join(missing)}", advice)
    return Finding("sandbox", "ok", words)


async def network_checks(home: Path, profile: NetworkProfile) -> AsyncIterator[Finding]:
    """Check endpoints, chain id, deployment, time and nodes of the network profile."""
    from neurovoyance.chain.client import ChainClient

    words = f"{profile.name}, chain {profile.chain_id}, {len(profile.rpc_urls)} endpoint(s)"
    yield Finding("network", "ok", words)
    try:
        chain = await ChainClient.connect(
            profile.rpc_urls,
            state_dir=home / "chain",
            expected_chain_id=profile.chain_id,
            rpc_timeout_s=_NODE_TIMEOUT_S,
        )
    except NeurovoyanceError as error:
        advice = error.hint
        if profile.devnet_account is not None:
            advice = "The local network is not running; start it with `neurovoyance up`."
        yield Finding("chain", "bad", error.message, advice)
        return
    async with chain:
        block = await chain.block()
        yield Finding("chain", "ok", f"block {block.number:,}, chain id {chain.chain_id}")
        yield _skew(block.timestamp_s, is_devnet=profile.devnet_account is not None)
        async for finding in _deployment_checks(home, profile, chain):
            yield finding


async def _deployment_checks(
    home: Path, profile: NetworkProfile, chain: ChainClient
) -> AsyncIterator[Finding]:
    from neurovoyance.chain.deploy import verify_deployment
    from neurovoyance.chain.deployment import load_deployment

    try:
        deployment = load_deployment(home / profile.deployment, profile.chain_id)
        await verify_deployment(chain, deployment)
    except NeurovoyanceError as error:
        yield Finding("contracts", "bad", error.message, error.hint)
        return
    yield Finding("contracts", "ok", f"market at {deployment.market}")
    if profile.devnet_account is not None:
        yield await _nodes(home)


async def _nodes(home: Path) -> Finding:
    """Ask every announced node for its status; only where no password is needed to look."""
    import aiohttp

    from neurovoyance.client.opening import open_from_profile

    async with await open_from_profile(home, serve=False) as client:
        nodes = await client.nodes()
    answering = 0
    timeout = aiohttp.ClientTimeout(total=_NODE_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        for node in nodes:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(node.endpoint + "/v1/status") as response:
                    answering += response.status == 200
    words = f"{answering} of {len(nodes)} announced nodes answer"
    if answering == len(nodes) and nodes:
        return Finding("nodes", "ok", words)
    return Finding("nodes", "note", words, "Start one with `neurovoyance node start`.")


def _skew(chain_time_s: int, *, is_devnet: bool) -> Finding:
    skew_s = int(time.time()) - chain_time_s
    words = f"this clock and the chain differ by {abs(skew_s)} s"
    if abs(skew_s) <= SKEW_MOST_S:
        return Finding("clock", "ok", words)
    if is_devnet and skew_s < 0:
        return Finding("clock", "note", words, "The devnet's time was moved ahead; that is fine.")
    return Finding(
        "clock", "bad", words, "Set this machine's clock (NTP), or check whether the chain stands."
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
