"""``neurovoyance node worker``: lend this machine to a node that runs elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

_GIB = 1 << 30


def worker(
    redis: Annotated[
        str,
        typer.Option(
            "--redis",
            envvar="NEUROVOYANCE_FARM_REDIS",
            help="Redis of the farm: redis://, rediss:// or unix://.",
        ),
    ],
    farm: Annotated[str, typer.Option("--farm", help="Name of the farm.")] = "default",
    name: Annotated[
        str | None, typer.Option("--name", help="Name of this worker; the host's if omitted.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="For models and work.", file_okay=False)
    ] = None,
    shared: Annotated[
        list[Path] | None,
        typer.Option("--shared", help="Folder that the node sees at the same path; repeatable."),
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option("--peer", help="Gateway to fetch models from, such as the node; repeatable."),
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", help="ort or torch; repeatable.")
    ] = None,
    seats: Annotated[int, typer.Option("--seats", min=1, max=64, help="Jobs at once.")] = 1,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of one job.")] = 1,
    memory: Annotated[
        float | None, typer.Option("--memory", min=0.25, help="GiB of one job; what is free.")
    ] = None,
    idle: Annotated[
        bool | None,
        typer.Option(
            "--idle/--always",
            help="Yield to whoever uses this machine, or compute always; as the settings say.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="File with a table [idle] as in node.toml; worker.toml in the folder if omitted.",
        ),
    ] = None,
) -> None:
    """Compute what a node's queue hands out, in the sandbox. No key of the chain is needed here.

    A worker that yields (--idle) hands what it computes back within two seconds when its owner
    returns, so that another one computes it, and takes nothing until the owner is away again.
    """
    import asyncio
    import platform
    import re
    from urllib.parse import urlsplit

    from neurovoyance.cli.opened import home_of
    from neurovoyance.protocol.errors import ConfigError

    called = name or re.sub(r"[^A-Za-z0-9.]", "", platform.node()) or "worker"
    if not re.fullmatch(r"[A-Za-z0-9.]{1,64}", called):
        raise ConfigError(
            "The name of a worker has 1 to 64 letters, digits and dots.", faults=["name: malformed"]
        )
    if not re.fullmatch(r"[a-z0-9-]{1,32}", farm):
        raise ConfigError(
            "The name of a farm has 1 to 32 small letters, digits and dashes.",
            faults=["farm: malformed"],
        )
    try:
        from neurovoyance.node.farm.seat import SeatSettings
        from neurovoyance.node.farm.worker import WorkerSettings, check_redis, run_worker
    except ImportError as error:
        raise ConfigError(
            f"A worker needs a package that is not installed: {error.name}.",
            hint="pip install 'neurovoyance[farm]'",
            faults=["farm: not installed"],
        ) from error
    from neurovoyance.node.logs import hide, set_up_logs
    from neurovoyance.node.runtime.benchmark import report
    from neurovoyance.node.runtime.config import Engine

    try:
        engines = tuple(Engine(text) for text in engine or ["ort"])
    except ValueError as error:
        raise ConfigError(
            "An engine is ort or torch.", faults=["engine: there is no such engine"]
        ) from error
    hide(urlsplit(redis).password or "")
    set_up_logs(None)
    place = (folder or home_of(None) / "worker").absolute()
    limits = _limits(place, config, idle)
    asyncio.run(check_redis(redis))
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    machine = asyncio.run(report(place / "machine.json", threads))
    told = [
        (f"{s.engine.value} {s.profile.value} Mflop/s", f"{s.mflops:,}") for s in machine.speeds
    ]
    run_worker(
        WorkerSettings(
            url=redis,
            seat=SeatSettings(called, farm, place, tuple(path.absolute() for path in shared or [])),
            engines=engines,
            seats=seats,
            threads=threads,
            memory_bytes=None if memory is None else round(memory * _GIB),
            peers=tuple(peer or []),
            told=tuple(told),
            idle=limits,
        )
    )


def _limits(place: Path, config: Path | None, is_idle: bool | None) -> Any:
    """Return when the machine is lent.

    Raises:
        ConfigError: the file that was named does not exist, or its table is wrong.
    """
    from neurovoyance.node.idle.settings import Mode, idle_of_worker
    from neurovoyance.protocol.errors import ConfigError

    if config is not None and not config.is_file():
        raise ConfigError(f"There is no file {config}.", faults=["config: missing"])
    mode = None
    if is_idle is not None:
        mode = Mode.IDLE if is_idle else Mode.ALWAYS
    return idle_of_worker(config or place / "worker.toml", mode)
