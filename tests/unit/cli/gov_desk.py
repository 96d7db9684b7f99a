"""Fixtures for the gov commands: a network with voters, and a desk that runs commands on it.

Its ``conftest`` makes them known. Every test gets its own home folders, and the chain goes back
when it ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.chains import ANVIL
from tests.governed import Network, Visit, make_home, running, visiting

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.cli.main import run

BURN = "raise burnBps from 4% to 4.5 percent because burning keeps the supply falling"
_T = TypeVar("_T")


@dataclass
class Desk:
    """Runs commands as one of the accounts: 0 the bank, 1 the friend, 2 a stranger."""

    network: Network
    folder: Path
    capsys: pytest.CaptureFixture[str]
    homes: dict[int, Path] = field(default_factory=dict)

    def home(self, account: int) -> Path:
        if account not in self.homes:
            path = self.folder / f"account{account}"
            self.homes[account] = make_home(self.network, path, account)
        return self.homes[account]

    def text(self, *arguments: str, account: int = 0, code: int = 0) -> str:
        """Run a command for people; return what it said, in one line."""
        self.capsys.readouterr()
        found = run(["gov", *arguments, "--home", str(self.home(account))])
        out, err = self.capsys.readouterr()
        assert found == code, out + err
        return " ".join((out + err).split())

    def json(self, *arguments: str, account: int = 0, code: int = 0) -> Any:
        """Run a command with ``--json``; return its answer."""
        self.capsys.readouterr()
        found = run(["gov", *arguments, "--home", str(self.home(account)), "--json"])
        out, err = self.capsys.readouterr()
        assert found == code, out + err
        return json.loads(out)

    def visit(self, work: Callable[[Visit], Awaitable[_T]]) -> _T:
        """Do something on the chain that outlasts the visit."""

        async def inside() -> _T:
            async with visiting(self.network, self.folder / "visit", undo=False) as visit:
                return await work(visit)

        return asyncio.run(inside())

    def proposed(self) -> str:
        """Make a proposal; return its id."""
        return str(self.json("propose", BURN, "--yes")["proposal_id"])

    def to_vote(self, proposal: str) -> None:
        """Let time pass until voting has begun."""
        self._to(proposal, "votes_from_s")

    def to_end(self, proposal: str) -> None:
        """Let time pass until voting is over."""
        self._to(proposal, "votes_until_s")

    def to_execution(self, proposal: str) -> None:
        """Let time pass until it can be executed."""
        self._to(proposal, "executable_s")

    def _to(self, proposal: str, date: str) -> None:
        time_s = self.json("show", proposal)["dates"][date]
        self.visit(lambda visit: visit.go_to(time_s))


@pytest.fixture(scope="session")
def voters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The chain with contracts and voters; Anvil where it is installed, since it starts sooner."""
    kind = "anvil" if ANVIL.exists() else "devnet"
    with running(kind, tmp_path_factory.mktemp("voters")) as network:
        yield network


@pytest.fixture
def desk(voters: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """A desk on the chain as it was prepared."""
    snapshot = asyncio.run(_control(voters.url, lambda control: control.snapshot()))
    yield Desk(voters, tmp_path, capsys)
    assert asyncio.run(_control(voters.url, lambda control: control.revert(snapshot)))


async def _control(url: str, work: Callable[[ChainControl], Awaitable[_T]]) -> _T:
    rpc = RpcPool([url])
    await rpc.open()
    try:
        return await work(ChainControl(rpc))
    finally:
        await rpc.close()
