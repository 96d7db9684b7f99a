"""The parts of a node fit together, with duties only where the deployment has courts."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from types import SimpleNamespace

import psutil
from tests.unit.node.conftest import POLICY, Station
from tests.unit.node.idle.snapshots import QUIET

from neurovoyance.node.assembly import (
    Machine,
    build_agent,
    build_control,
    intake_limits,
    limited,
    own_cores,
    price_policy,
)
from neurovoyance.node.auditing import AuditDuty
from neurovoyance.node.disputing.duty import DisputeDuty
from neurovoyance.node.idle.gate import silent
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.settings import NodeSettings, load_settings

MIB = 1 << 20


def settings_of(station: Station, **changes: object) -> NodeSettings:
    values: dict[str, object] = {
        "rpc_urls": ["http://127.0.0.1:1"],
        "deployment_path": "deployment.json",
        "data_dir": str(station.folder / "assembled"),
        "owner": station.chain.provider,
        "operator_keystore": "operator.json",
        **changes,
    }
    return load_settings(environ={}, arguments=values)


def machine_of(station: Station) -> Machine:
    return Machine(
        station.chain, station.storage, station.runtime, station.cursor, {"market": "test"}
    )


async def test_without_courts_a_node_has_no_duties(station: Station) -> None:
    async with AsyncExitStack() as stack:
        agent = build_agent(settings_of(station), machine_of(station), stack)
        assert agent.duties == ()


async def test_with_courts_a_node_audits_and_disputes(court_station: Station) -> None:
    station = court_station
    async with AsyncExitStack() as stack:
        machine = replace(machine_of(station), reference=station.runtime)
        agent = build_agent(settings_of(station), machine, stack)
        assert [type(duty) for duty in agent.duties] == [AuditDuty, DisputeDuty]
        assert (await agent.desk.room()).occupied == 0
        names = {path.name for path in (station.folder / "assembled").glob("*.sqlite")}
        assert names == {"audits.sqlite", "disputes.sqlite", "keys.sqlite"}


def test_the_settings_reach_the_price_list_and_the_limits() -> None:
    settings = load_settings(
        environ={},
        arguments={
            "rpc_urls": ["http://127.0.0.1:1"],
            "deployment_path": "d",
            "data_dir": "d",
            "owner": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "operator_keystore": "k",
            "input_bytes": MIB,
            "threads": 3,
        },
    )
    assert price_policy(settings) == POLICY
    limits = intake_limits(settings)
    assert (limits.input_bytes, limits.threads) == (MIB, 3)


async def test_a_machine_with_an_owner_rests_until_the_first_look_and_then_hears(
    station: Station,
) -> None:
    settings = settings_of(station, idle="idle")
    async with AsyncExitStack() as stack:
        machine = machine_of(station)
        agent = build_agent(settings, machine, stack)
        sensors = SimpleNamespace(read=lambda: silent("nobody looks"))
        gate, control = build_control(settings, machine, agent, stack, sensors)
        assert agent.desk.is_paused
        assert not station.runtime._may_run.is_set()
        assert not control.state()["devices"][0]["may_run"]
        gate.judge(replace(QUIET, monotonic_s=1.0))
        gate.judge(replace(QUIET, monotonic_s=2.0))
        assert not agent.desk.is_paused
        assert station.runtime._may_run.is_set()


async def test_a_dedicated_machine_works_from_the_start(station: Station) -> None:
    settings = settings_of(station)
    async with AsyncExitStack() as stack:
        agent = build_agent(settings, machine_of(station), stack)
        gate, _ = build_control(settings, machine_of(station), agent, stack)
        await gate.look()
        assert not agent.desk.is_paused
        assert not agent.watch.is_paused


async def test_the_owners_limits_bound_the_nodes_own(station: Station) -> None:
    idle = {"cores": 1, "memory_bytes": 300 * MIB, "disk_bytes": 70 * MIB}
    settings = settings_of(station, idle=idle, threads=4, memory_bytes=400 * MIB)
    found = limited(settings)
    assert (found.threads, found.memory_bytes, found.storage_bytes) == (1, 300 * MIB, 70 * MIB)
    cores = own_cores(settings)
    assert cores is not None
    assert len(cores) == 1
    assert own_cores(settings_of(station)) is None
    small = settings_of(station, idle=idle, memory_bytes=256 * MIB)
    assert limited(small).memory_bytes == 256 * MIB, "the smaller one counts"


async def test_executions_keep_to_the_owners_cores(station: Station) -> None:
    cores = own_cores(settings_of(station, idle={"cores": 1}))
    before = set(psutil.Process().children())
    async with OnnxRuntime(cores=cores) as runtime:
        await runtime.warm_up()
        [child] = set(psutil.Process().children()) - before
        assert frozenset(child.cpu_affinity()) == cores
