"""Private networks for all tests of the command line, started as a user would start them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load
from tests.unit.node.content import certified_input, publish_certified

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli.main import run
from neurovoyance.cli.opened import opened
from neurovoyance.client.certificates import register
from neurovoyance.client.models import PublishedModel
from neurovoyance.ipfs.cid import cid_of_keccak
from neurovoyance.protocol.ids import ModelId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.manifest import parse_manifest
from neurovoyance.protocol.units import nvy

from .gov_desk import desk, voters

__all__ = ["desk", "voters"]

Invoke = Callable[..., Any]


def write_sum_model(path: Path) -> Path:
    """``y = x @ ones``: the sum over three features."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.ones((3, 1), np.float32), "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


@contextmanager
def up(home: Path, *options: str) -> Iterator[dict[str, Any]]:
    """``neurovoyance up``; gives what it printed as JSON, home included."""
    command = [sys.executable, "-m", "neurovoyance.cli.main", "up", "--json", "--no-market"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--home", str(home), *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        yield json.loads("".join(lines))
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        code = process.wait(180)
    assert code == 0


@pytest.fixture(scope="package")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A private network with one node and no audits."""
    with up(tmp_path_factory.mktemp("home"), "--nodes", "1") as shown:
        yield shown


@pytest.fixture(scope="package")
def joined_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A network that gets nodes which never run; the others count who answers."""
    with up(tmp_path_factory.mktemp("joined"), "--nodes", "1") as shown:
        yield shown


@pytest.fixture(scope="package")
def audited_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A private network with audits: one node computes, another one audits it."""
    with up(tmp_path_factory.mktemp("audited"), "--nodes", "2", "--audits") as shown:
        yield shown


@pytest.fixture(scope="package")
def economy_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A private network with the token economy and one node."""
    with up(tmp_path_factory.mktemp("economy"), "--nodes", "1", "--economy") as shown:
        yield shown


@pytest.fixture(scope="package")
def economy_home(economy_network: dict[str, Any]) -> Path:
    """Home of the client of the network with the economy."""
    return Path(economy_network["home"])


@pytest.fixture(scope="package")
def economy_provider() -> str:
    """Owner address of its node."""
    return devnet_wallet(2).address


@pytest.fixture(scope="package")
def economy_owner_home(economy_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of the owner of its node: another account of the same network."""
    profile = json.loads((economy_home / "network.json").read_text())
    deployment = str(economy_home / profile["deployment"])
    folder = tmp_path_factory.mktemp("owner")
    (folder / "network.json").write_text(
        json.dumps(profile | {"deployment": deployment, "devnet_account": 2})
    )
    return folder


@pytest.fixture(scope="package")
def home(network: dict[str, Any]) -> Path:
    """The home folder of the running network, with a published model and an input."""
    folder = Path(network["home"])
    assert run(["model", "add", str(write_sum_model(folder / "sum.onnx")), "--name", "sum",
                "--home", str(folder), "--json"]) == 0  # fmt: skip
    np.savez(folder / "x.npz", x=np.array([[1, 2, 3]], np.float32))
    return folder


@pytest.fixture
def invoke(home: Path, capsys: pytest.CaptureFixture[str]) -> Invoke:
    """Run a command on the network with ``--json``; return its JSON, or text with ``text=True``."""

    def call(*arguments: str, code: int = 0, text: bool = False) -> Any:
        capsys.readouterr()
        mode = [] if text else ["--json"]
        found = run([*arguments, "--home", str(home), *mode])
        out, err = capsys.readouterr()
        assert found == code, out + err
        return out + err if text else json.loads(out)

    return call


@pytest.fixture(scope="package")
def settled_job(home: Path) -> dict[str, Any]:
    """A job that was submitted, checked and paid."""
    command = [sys.executable, "-m", "neurovoyance.cli.main", "job", "submit", "sum"]
    arguments = ["-i", str(home / "x.npz"), "--home", str(home), "--json"]
    found = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    shown: dict[str, Any] = json.loads(found.stdout)
    return shown


@pytest.fixture(scope="package")
def audited_job(audited_network: dict[str, Any]) -> str:
    """The id of a job that was audited and revealed, and whose window is open."""
    return asyncio.run(_audited_job(Path(audited_network["home"])))


async def _audited_job(home: Path) -> str:
    async with opened(home, serve=True) as client:
        storage = client.session.storage
        model_id = (await publish_certified(storage)).model_id
        manifest = parse_manifest(await storage.get_block(cid_of_keccak(model_id)), model_id)
        await register(client.session, manifest)
        job = await client.submit(
            PublishedModel(ModelId(model_id), manifest),
            load(certified_input()),
            max_price_wei=nvy("1"),
            window_s=86_400,
            confirm="never",
        )
        async with asyncio.timeout(200):
            while await job.state() is not JobState.REVEALED:
                await asyncio.sleep(0.2)
        return job.id
