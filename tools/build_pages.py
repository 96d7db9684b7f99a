"""Hatch's hook: a wheel holds the web pages, built before it is made.

Place: named in ``pyproject.toml``. A build finds them where ``npm run build`` in ``dapp/`` left
them, or runs it; nothing runs npm after installation. An editable install has what lies there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("marketplace/neurovoyance/marketplace/static")
API_ONLY = "NEUROVOYANCE_API_ONLY"
_REMEDIES = (
    "Either install Node.js 22 with npm and build again; or, for the API without its pages, "
    f"build with {API_ONLY}=1 in the environment."
)


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Sees to it that the pages are there before files are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """Build the pages unless they are there, or not wanted."""
        if version != "editable":
            ensure_pages(Path(self.root), os.environ)


def ensure_pages(root: Path, environment: Mapping[str, str]) -> None:
    """Build the pages of a source tree unless they are there.

    Raises:
        RuntimeError: they are missing and cannot be built; names both remedies.
    """
    index = root / STATIC / "index.html"
    if index.is_file() or environment.get(API_ONLY) == "1":
        return
    why = _build(root / "dapp", environment)
    if not index.is_file():
        raise RuntimeError(f"The web pages are not built: {why}. {_REMEDIES}")


def _build(folder: Path, environment: Mapping[str, str]) -> str:
    """Run npm; return why there may be no pages after it."""
    npm = shutil.which("npm", path=environment.get("PATH"))
    if not (folder / "package.json").is_file():
        return "their source, the folder dapp/, is not here"
    if npm is None:
        return "npm was not found"
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run(
            [npm, *arguments],
            cwd=folder,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-3:]
            return f"npm {arguments[0]} failed: {' '.join(last)}"
    return "npm made no index.html"
