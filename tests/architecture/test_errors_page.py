"""docs/errors.md lists every error code there is; written by `make errors`."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path

import neurovoyance.chain
import neurovoyance.client
import neurovoyance.ipfs
import neurovoyance.marketplace
import neurovoyance.matching
import neurovoyance.node
import neurovoyance.verification
from neurovoyance.protocol.errors import ContractRevert, NeurovoyanceError, error_codes

PAGE = Path(__file__).resolve().parents[2] / "docs/errors.md"
PACKAGES = (
    neurovoyance.chain,
    neurovoyance.client,
    neurovoyance.ipfs,
    neurovoyance.matching,
    neurovoyance.marketplace,
    neurovoyance.node,
    neurovoyance.verification,
)
# Entry points of child processes act on import.
NOT_IMPORTED = {"__main__", "child", "session"}
HEAD = """# Errors

Every failure has a stable code, a sentence that says what happened and what is safe, and a hint.
In JSON: `{"code", "message", "hint", "context"}`. Written by `make errors`; never edited.

| code | exit | HTTP | again? | meaning |
|---|---|---|---|---|
"""


def import_everything() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.rsplit(".", 1)[-1] not in NOT_IMPORTED:
                importlib.import_module(module.name)


def page() -> str:
    import_everything()
    rows = [
        _row(code, cls)
        for code, cls in sorted(error_codes().items())
        if cls.__module__.startswith("neurovoyance.")
    ]
    return HEAD + "\n".join(rows) + "\n"


def _row(code: str, cls: type[NeurovoyanceError]) -> str:
    meaning = " ".join((cls.__doc__ or "").split("\n\n")[0].split()).replace("|", "/")
    again = "yes" if cls.retryable else ""
    name = f"`{cls.__name__}`: " if issubclass(cls, ContractRevert) else ""
    return f"| `{code}` | {cls.exit_code} | {cls.http_status} | {again} | {name}{meaning} |"


def test_the_errors_page_lists_every_code() -> None:
    if os.environ.get("NEUROVOYANCE_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make errors`"
