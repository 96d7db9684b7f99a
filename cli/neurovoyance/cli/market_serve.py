"""``neurovoyance market serve``, ``worker`` and ``reindex``: the market's index and REST API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.marketplace.settings import MarketSettings

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///FILE or postgresql://...; a password belongs into the environment variable "
        "NEUROVOYANCE_MARKET_DATABASE_URL.",
        show_default="a file in the home folder",
    ),
]
RpcOption = Annotated[
    list[str] | None,
    typer.Option("--rpc", metavar="URL", help="Other endpoints than the profile's."),
]
ConfirmationsOption = Annotated[
    int | None, typer.Option("--confirmations", min=0, help="Blocks to stay behind the head.")
]
RedisOption = Annotated[
    str | None,
    typer.Option(
        "--redis",
        metavar="URL",
        help="Workers behind this Redis follow the chain, see `neurovoyance market worker`; a "
        "password belongs into the environment variable NEUROVOYANCE_MARKET_REDIS_URL.",
        show_default="the service follows by itself",
    ),
]


def serve(
    database: DatabaseOption = None,
    rpc: RpcOption = None,
    host: Annotated[str | None, typer.Option("--host", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65_535, show_default="8650; 0 is any")
    ] = None,
    public_domain: Annotated[
        list[str] | None,
        typer.Option("--public-domain", metavar="HOST", help="Name that people sign in to."),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option("--cors-origin", metavar="URL", help="Page of another origin that may call."),
    ] = None,
    node: Annotated[
        list[str] | None,
        typer.Option(
            "--node",
            metavar="URL",
            help="A node of this machine, such as http://127.0.0.1:8420, for its pages to show.",
        ),
    ] = None,
    confirmations: ConfirmationsOption = None,
    redis: RedisOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Index the chain, answer questions about it over HTTP, and serve the pages; until Ctrl-C."""
    from neurovoyance.cli.opened import run

    settings = _settings(
        home,
        database_url=database,
        rpc_urls=rpc or None,
        host=host,
        port=port,
        public_domains=public_domain or None,
        cors_origins=cors_origin or None,
        node_urls=node or None,
        confirmations=confirmations,
        redis_url=redis,
    )
    run(_serve(settings, as_json))


def worker(
    database: DatabaseOption = None,
    rpc: RpcOption = None,
    confirmations: ConfirmationsOption = None,
    redis: Annotated[
        str | None,
        typer.Option(
            "--redis",
            metavar="URL",
            help="That of the service: redis://, rediss:// or unix://; a password belongs into the "
            "environment variable NEUROVOYANCE_MARKET_REDIS_URL.",
            show_default=False,
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow the chain for services with the same database and Redis; until Ctrl-C.

    Of all workers one follows. When it dies another goes on within seconds.
    """
    from neurovoyance.cli.opened import logging_to
    from neurovoyance.cli.output import console, emit_json

    settings = _settings(
        home,
        database_url=database,
        rpc_urls=rpc or None,
        confirmations=confirmations,
        redis_url=redis,
    )
    try:
        from neurovoyance.marketplace.queued.worker import run_worker
    except ModuleNotFoundError as error:
        raise _service().no_queue(error.name) from error

    def announce(name: str) -> None:
        if as_json:
            emit_json({"worker": name})
        else:
            console().print(f"The worker {name} is ready.")

    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with logging_to(settings.state_dir / "worker.log"):
        run_worker(settings, announce)


def reindex(
    database: DatabaseOption = None,
    rpc: RpcOption = None,
    confirmations: ConfirmationsOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the index again from the first block; sign-ins and published offers stay."""
    from neurovoyance.cli.opened import run
    from neurovoyance.cli.output import console, emit_json

    settings = _settings(
        home, database_url=database, rpc_urls=rpc or None, confirmations=confirmations
    )
    service = _service()
    progress = run(service.reindex(settings))
    if as_json:
        emit_json({"block": progress.block, "events": progress.events})
    else:
        console().print(f"Indexed {progress.events} events up to block {progress.block}.")


def _settings(home: Path | None, **given: Any) -> MarketSettings:
    import os

    from neurovoyance.cli.opened import home_of
    from neurovoyance.client.opening import settings_of

    _service()
    from neurovoyance.marketplace.settings import ENV_PREFIX, make_settings

    folder = home_of(home)
    client = settings_of(folder)
    defaults = {
        "database_url": f"sqlite:///{folder / 'market' / 'index.sqlite'}",
        "rpc_urls": client.profile.rpc_urls,
        "chain_id": client.profile.chain_id,
        "deployment_path": client.deployment_path,
        "state_dir": folder / "market",
        "poll_s": client.profile.poll_s,
    }
    found = {name: value for name, value in given.items() if value is not None}
    environment = dict(os.environ)
    for name, value in defaults.items():
        if ENV_PREFIX + name.upper() not in environment:
            found.setdefault(name, value)
    return make_settings(found, environment)


def _service() -> Any:
    from neurovoyance.protocol.errors import ConfigError

    try:
        from neurovoyance.marketplace import serving
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"The market's service is not installed: {error.name} is missing.",
            hint="Install it with: pip install 'neurovoyance[market]'",
            faults=["market: not installed"],
        ) from error
    return serving


async def _serve(settings: MarketSettings, as_json: bool) -> None:
    from neurovoyance.cli.opened import logging_to
    from neurovoyance.cli.output import console, emit_json

    def announce(url: str) -> None:
        if as_json:
            emit_json({"url": url})
        else:
            console().print(f"The pages and the market's API are at {url}")

    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with logging_to(settings.state_dir / "service.log"):
        await _service().serve(settings, announce)
