"""``neurovoyance up``: a private network on this machine that keeps running."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    import asyncio

    from neurovoyance.cli.local_network import LocalNetwork


def up(
    nodes: Annotated[int, typer.Option("--nodes", min=1, max=8, help="Provider nodes.")] = 3,
    port: Annotated[int, typer.Option("--port", help="Port of the chain; 0 picks one.")] = 8545,
    audits: Annotated[
        bool,
        typer.Option(
            "--audits",
            help="With audits and disputes. Jobs then need a registered model: "
            "see `neurovoyance model register`.",
        ),
    ] = False,
    economy: Annotated[
        bool,
        typer.Option(
            "--economy",
            help="With fee split, vesting, delegation and votes; with --audits also canaries.",
        ),
    ] = False,
    kubo: Annotated[
        str | None,
        typer.Option("--kubo", metavar="URL", help="RPC of an IPFS daemon that all shall use."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a private chain with contracts, nodes and a funded client; ends with Ctrl-C."""
    from neurovoyance.cli.opened import run

    run(_up(nodes, port, audits, economy, kubo, home, as_json))


async def _up(
    node_count: int,
    port: int,
    has_audits: bool,
    has_economy: bool,
    kubo: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    import asyncio
    import signal

    from neurovoyance.chain.deploy import AuditSettings
    from neurovoyance.cli.catalogue import installed_catalogue
    from neurovoyance.cli.local_network import LocalNetwork
    from neurovoyance.cli.opened import home_of, logging_to
    from neurovoyance.cli.progress import StepLines
    from neurovoyance.cli.storage_parts import checked_daemon

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    folder = home_of(home)
    lines = StepLines(is_silent=as_json)
    made = LocalNetwork(
        folder,
        node_count=node_count,
        rpc_port=port,
        max_jobs=2,
        audits=AuditSettings.local() if has_audits else None,
        has_economy=has_economy,
        canary_models=installed_catalogue() if has_audits and has_economy else (),
        kubo_rpc_url=await checked_daemon(kubo) if kubo else None,
        on_step=lines.step,
    )
    with logging_to(folder / "network.log"):
        await _keep(made, stop, is_default_home=home is None, as_json=as_json)


async def _keep(
    made: LocalNetwork, stop: asyncio.Event, *, is_default_home: bool, as_json: bool
) -> None:
    import asyncio

    from neurovoyance.cli.catalogue import offered
    from neurovoyance.cli.output import console, emit_json

    async with made as network, offered(network):
        if as_json:
            emit_json(_network_json(network))
        else:
            _print_network(network, is_default_home=is_default_home)
        watching = asyncio.create_task(_watch(network))
        await stop.wait()
        watching.cancel()
        if not as_json:
            console().print("\n  Stopping the nodes, then the chain.")


async def _watch(network: LocalNetwork) -> None:
    """Say so when a part ends by itself; the rest goes on."""
    import asyncio

    from neurovoyance.cli.output import console

    told: set[str] = set()
    while True:
        await asyncio.sleep(1)
        for child in network.children:
            if not child.is_running and child.name not in told:
                told.add(child.name)
                console(stderr=True).print(
                    f"  [yellow]{child.name} ended[/]; its log is {child.log_path}",
                    soft_wrap=True,
                )


def _network_json(network: LocalNetwork) -> dict[str, object]:
    from neurovoyance.protocol.ids import hex_of

    deployment = network.known_deployment
    return {
        "rpc_url": network.rpc_url,
        "chain_id": deployment.chain_id,
        "home": str(network.home),
        "invitation": str(network.invitation_path),
        "contracts": {
            "token": deployment.token,
            "market": deployment.market,
            "stake_manager": deployment.stake_manager,
            "beacon": deployment.beacon,
            "registry": deployment.registry,
            "audit_court": deployment.audit_court,
            "dispute_court": deployment.dispute_court,
        },
        "nodes": [
            {"name": node.name, "url": node.url, "provider": node.owner.address}
            for node in network.nodes
        ],
        "canary_models": [hex_of(model.model_id) for model in network.canary_models],
    }


def _print_network(network: LocalNetwork, *, is_default_home: bool) -> None:
    from rich.padding import Padding

    from neurovoyance.cli.local_network import CLIENT_FUNDS_WEI
    from neurovoyance.cli.output import console, nvy, table

    out = console()
    shown = table("part", "where", "account")
    shown.add_row("chain", network.rpc_url, f"chain id {network.known_deployment.chain_id}")
    for node in network.nodes:
        shown.add_row(node.name, node.url, node.owner.address)
    out.print()
    out.print(Padding(shown, (0, 0, 0, 2), expand=False))
    flag = "" if is_default_home else f" --home {network.home}"
    out.print(f"\n  Your account holds {nvy(CLIENT_FUNDS_WEI)}. In another terminal:\n")
    first = []
    if network.known_deployment.has_audits:
        out.print("  Jobs are audited, so a model is measured and registered first.\n")
        first = [
            f"neurovoyance model calibrate MODEL.onnx --inputs FOLDER{flag}",
            f"neurovoyance model register MODEL.onnx{flag}",
        ]
    for line in (
        *first,
        f"neurovoyance job submit MODEL.onnx --input INPUT.npz{flag}",
        f"neurovoyance job list{flag}",
        f"neurovoyance money{flag}",
    ):
        out.print(f"    {line}", soft_wrap=True)
    out.print("\n  Others on this machine join with a folder of their own:\n")
    out.print(f"    neurovoyance join {network.invitation_path} --home FOLDER", soft_wrap=True)
    out.print("\n  Ctrl-C ends it; nothing of the chain is kept.\n")
