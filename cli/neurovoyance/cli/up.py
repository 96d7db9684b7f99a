"""``neurovoyance up``: a private network on this machine that keeps running."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    import asyncio

    from neurovoyance.cli.local_network import LocalNetwork
    from neurovoyance.cli.local_services import Services

MARKET_PORT = 8650


def up(
    nodes: Annotated[int, typer.Option("--nodes", min=1, max=8, help="Provider nodes.")] = 3,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65_535, help="Port of the chain; 0 picks one."),
    ] = 8545,
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
    market: Annotated[
        bool, typer.Option("--market/--no-market", help="With the market's index and REST API.")
    ] = True,
    market_port: Annotated[
        int | None,
        typer.Option(
            "--market-port",
            min=0,
            max=65_535,
            help="Port of the market's service; 0 picks one.",
            show_default=f"{MARKET_PORT}, or any with --port 0",
        ),
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(
            "--redis",
            metavar="URL",
            envvar="NEUROVOYANCE_UP_REDIS",
            help="Nodes hand executions to workers behind this Redis; one worker is started.",
        ),
    ] = None,
    postgres: Annotated[
        str | None,
        typer.Option(
            "--postgres",
            metavar="URL",
            envvar="NEUROVOYANCE_UP_POSTGRES",
            help="The market's database, in place of a file; its index is made anew.",
        ),
    ] = None,
    rpc: Annotated[
        str | None,
        typer.Option(
            "--rpc", metavar="URL", help="A development chain that runs, such as Anvil (id 31337)."
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a private market: chain, contracts, nodes, index, a funded client; until Ctrl-C."""
    from neurovoyance.cli.local_network import LocalNetwork
    from neurovoyance.cli.opened import home_of, run
    from neurovoyance.cli.progress import StepLines

    lines = StepLines(is_silent=as_json)
    wished = MARKET_PORT if port else 0
    services = _services(market, wished if market_port is None else market_port, redis, postgres)
    made = LocalNetwork(
        home_of(home),
        node_count=nodes,
        rpc_port=port,
        max_jobs=2,
        has_economy=economy,
        services=replace(services, rpc_url=rpc),
        on_step=lines.step,
    )
    run(_up(made, audits, kubo, is_default_home=home is None, as_json=as_json))


def _services(
    has_market: bool, market_port: int, redis: str | None, postgres: str | None
) -> Services:
    """Return what runs beside the nodes; without the market where its packages are missing."""
    from secrets import token_hex

    from neurovoyance.cli.local_services import Services, missing_for_market
    from neurovoyance.cli.output import console
    from neurovoyance.protocol.errors import ConfigError

    missing = missing_for_market() if has_market else None
    if postgres is not None and (missing or not has_market):
        raise ConfigError(
            "--postgres names the database of the market's service, which is left out"
            + (f": {missing} is not installed." if missing else " with --no-market."),
            hint="pip install 'neurovoyance[market,postgres]'" if missing else "Give one of them.",
            faults=["postgres: no market"],
        )
    if missing:
        console(stderr=True).print(
            f"The market's service is left out, as {missing} is not installed: "
            "pip install 'neurovoyance[market]'",
            markup=False,
            soft_wrap=True,
        )
    return Services(
        has_market=has_market and not missing,
        market_port=market_port,
        postgres_url=postgres,
        redis_url=redis,
        # A name of its own: orders that an earlier network left in Redis are nobody's.
        farm=f"up-{token_hex(4)}",
    )


async def _up(
    made: LocalNetwork,
    has_audits: bool,
    kubo: str | None,
    *,
    is_default_home: bool,
    as_json: bool,
) -> None:
    import asyncio
    import signal

    from neurovoyance.chain.deploy import AuditSettings
    from neurovoyance.cli.catalogue import installed_catalogue
    from neurovoyance.cli.local_services import check_servers
    from neurovoyance.cli.opened import logging_to
    from neurovoyance.cli.storage_parts import checked_daemon

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await check_servers(made.services)
    made.audits = AuditSettings.local() if has_audits else None
    made.canary_models = installed_catalogue() if has_audits and made.has_economy else ()
    made.kubo_rpc_url = await checked_daemon(kubo) if kubo else None
    with logging_to(made.home / "network.log"):
        await _keep(made, stop, is_default_home=is_default_home, as_json=as_json)


async def _keep(
    made: LocalNetwork, stop: asyncio.Event, *, is_default_home: bool, as_json: bool
) -> None:
    import asyncio

    from neurovoyance.cli.catalogue import offered
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.cli.up_screen import network_json, print_network

    async with made as network, offered(network):
        if as_json:
            emit_json(network_json(network))
        else:
            print_network(network, is_default_home=is_default_home)
        watching = asyncio.create_task(_watch(network))
        await stop.wait()
        watching.cancel()
        if not as_json:
            console().print("\n  Stopping the nodes, then the rest.")


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
