"""The parts of a node fit together, with duties only where the deployment has courts."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace

from tests.unit.node.conftest import POLICY, Station

from neurovoyance.node.assembly import Machine, build_agent, intake_limits, price_policy
from neurovoyance.node.auditing import AuditDuty
from neurovoyance.node.disputing.duty import DisputeDuty
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
