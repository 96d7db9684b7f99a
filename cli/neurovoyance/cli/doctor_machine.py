"""Checks of this machine: interpreter, libraries, disk, memory, keys, ports, sandbox.

Place: part of ``doctor_checks``. A check changes nothing but a scratch file that it removes. Never:
a password prompt, or a word to the outside.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import stat
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from neurovoyance.cli.doctor_finding import Finding, fail, ok, unknown, warn
from neurovoyance.protocol.errors import NeurovoyanceError

GIB = 1 << 30
DISK_LEAST_BYTES = 2 * GIB
MEMORY_LEAST_BYTES = GIB
PYTHON_LEAST = (3, 11)
WRITE_BYTES = 16 << 20
WRITE_LEAST_BYTES_PER_S = 20 << 20
FLUSH_MOST_S = 0.05
_PACKAGES = ("aiohttp", "cryptography", "eth-account", "numpy", "pydantic", "safetensors", "py-evm")


def check_python() -> Finding:
    """Check the interpreter and the system."""
    words = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < PYTHON_LEAST:
        return fail("python", words, "Install Python 3.11 or newer.")
    if platform.system() != "Linux":
        return warn("python", words, "Nodes run on Linux only; clients run here.")
    return ok("python", words)


def check_packages() -> Finding:
    """Check that what this software needs is installed."""
    missing = [name for name in _PACKAGES if installed(name) is None]
    if missing:
        return fail("packages", f"missing: {', '.join(missing)}", "pip install neurovoyance")
    return ok("packages", f"neurovoyance {installed('neurovoyance') or 'from source'}")


def check_engines() -> list[Finding]:
    """Check the inference engine, and that no two packages claim its module."""
    cpu, gpu = installed("onnxruntime"), installed("onnxruntime-gpu")
    if cpu and gpu:
        return [
            fail(
                "engine",
                f"onnxruntime {cpu} and onnxruntime-gpu {gpu} overwrite each other's files",
                "pip uninstall both, then install one of them again.",
            )
        ]
    found = cpu or gpu
    if found is None:
        words = "onnxruntime is not installed; this machine can buy, not lend"
        engine = warn("engine", words, "pip install 'neurovoyance[node]'")
    else:
        engine = ok("engine", f"onnxruntime{'-gpu' if gpu else ''} {found}")
    magika = installed("magika")
    demo = ok("demo model", f"magika {magika}")
    if magika is None:
        words = "the demo's model is not installed"
        demo = warn("demo model", words, "pip install 'neurovoyance[demo]'")
    return [engine, demo]


def check_home(home: Path) -> Finding:
    """Check that the home folder can be written, and that others cannot read it."""
    if not os.access(existing(home), os.W_OK):
        return fail("home", f"{home} cannot be written", "Choose another with --home, or mend it.")
    if home.exists() and stat.S_IMODE(home.stat().st_mode) & 0o077 and (home / "keys").exists():
        return warn("home", f"{home} is open to other users", f"chmod 700 {home}")
    return ok("home", str(home) if home.exists() else f"{home}, made when needed")


def check_disk(home: Path) -> Finding:
    """Check for room: models and results are kept in the home folder."""
    free = shutil.disk_usage(existing(home)).free
    words = f"{free / GIB:.1f} GiB free"
    if free < DISK_LEAST_BYTES:
        return fail("disk", words, "Free some space, or move the home folder: --home.")
    return ok("disk", words)


def check_disk_speed(home: Path) -> Finding:
    """Write 16 MiB and flush them: the journal waits for every flush."""
    try:
        with tempfile.NamedTemporaryFile(dir=existing(home), prefix=".doctor-") as file:
            began = time.perf_counter()
            file.write(os.urandom(1 << 20) * (WRITE_BYTES >> 20))
            file.flush()
            os.fsync(file.fileno())
            write_s = time.perf_counter() - began
            began = time.perf_counter()
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
            flush_s = time.perf_counter() - began
    except OSError as error:
        return unknown("disk speed", f"nothing could be written: {error.strerror}", "See `home`.")
    rate = int(WRITE_BYTES / max(write_s, 1e-6))
    words = f"{rate >> 20} MiB/s, a flush takes {flush_s * 1_000:.1f} ms"
    if rate < WRITE_LEAST_BYTES_PER_S or flush_s > FLUSH_MOST_S:
        return warn("disk speed", words, "Slow: jobs start late; move the folder to another disk.")
    return ok("disk speed", words)


def check_memory() -> Finding:
    """Check the memory that an execution could have."""
    import psutil

    memory = psutil.virtual_memory()
    words = f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free"
    words += f", {os.cpu_count() or 1} cores"
    if memory.available < MEMORY_LEAST_BYTES:
        return warn("memory", words, "A node would refuse most models now; end other programs.")
    return ok("memory", words)


def check_keys(home: Path) -> Finding:
    """Check that key files are readable by their owner alone."""
    files = [*(home / "keys").glob("*.json"), *(home / "node").glob("*.json")]
    if not files:
        return ok("keys", "none here; the devnet needs none")
    open_files = [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_files:
        names = " ".join(str(path) for path in open_files)
        return fail("keys", "key files are open to others", f"chmod 600 {names}")
    return ok("keys", f"{len(files)} encrypted, readable by you alone")


def check_loopback() -> Finding:
    """Check that a port of this machine can be listened on and reached."""
    try:
        with socket.socket() as server, socket.socket() as client:
            server.bind(("127.0.0.1", 0))
            server.listen(1)
            client.settimeout(2)
            client.connect(server.getsockname())
    except OSError as error:
        return fail("loopback", f"it cannot be used: {error}", "Check the firewall.")
    return ok("loopback", "ports can be served and reached")


def check_sandbox() -> Finding:
    """Check what the sandbox of a node can enforce on this kernel."""
    from neurovoyance.node.runtime.confinement import ENFORCED, describe, require_no_network

    try:
        report = describe()
        require_no_network(report)
    except NeurovoyanceError as error:
        judge = fail if platform.system() == "Linux" else warn
        return judge("sandbox", error.message, error.hint or "Nodes need Linux.")
    held = [measure for measure, found in report.items() if found == ENFORCED]
    missing = [measure for measure in report if measure not in held]
    words = f"enforced: {', '.join(held)}"
    if missing:
        words += f"; not enforced: {', '.join(missing)}"
        return warn(
            "sandbox",
            words,
            "Models are kept off the network all the same; a newer kernel enforces the rest.",
        )
    return ok("sandbox", words)


def existing(path: Path) -> Path:
    """Return the path or its nearest parent that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def installed(package: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
