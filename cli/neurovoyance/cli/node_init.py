"""``neurovoyance node init``: keys, settings, registration, stake and seats of a node."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

CPU_MAX_C = 85
_FIRST = {
    "listen_port": 8420,
    "base_price_wei": "0.01 NVY",
    "price_per_second_wei": "0.001 NVY",
    "max_jobs": 1,
}
"""Of a node that is set up for the first time."""


def init(
    stake: Annotated[str, typer.Option("--stake", metavar="NVY", help="Stake to put up.")] = "1000",
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65_535,
            help="Port on which the node answers; as before, or 8420.",
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", metavar="URL", help="Where others reach it, if elsewhere."),
    ] = None,
    base_price: Annotated[
        str | None,
        typer.Option("--base-price", metavar="NVY", help="Price of any job; as before, or 0.01."),
    ] = None,
    second_price: Annotated[
        str | None,
        typer.Option(
            "--price-per-second", metavar="NVY", help="Price of a second; as before, or 0.001."
        ),
    ] = None,
    max_jobs: Annotated[
        int | None,
        typer.Option("--max-jobs", min=1, max=64, help="Jobs computed at once; as before, or 1."),
    ] = None,
    seats: Annotated[
        int | None,
        typer.Option(
            "--seats",
            min=0,
            help="Seats as an auditor; as many as half of the stake backs if left out; 0: none.",
        ),
    ] = None,
    pool: Annotated[
        list[str] | None,
        typer.Option("--pool", help="Auditor pool to sit in; may be repeated; cpu if left out."),
    ] = None,
    exact: Annotated[
        bool | None,
        typer.Option(
            "--exact/--not-exact",
            help="Sit in the pool of this machine's numeric class too; as before if left out.",
        ),
    ] = None,
    idle: Annotated[
        bool | None,
        typer.Option(
            "--idle/--always",
            help="Yield to whoever uses this machine, or compute always; as before if left out.",
        ),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            "--metrics-port",
            min=0,
            max=65_535,
            help="Loopback port of Prometheus' metrics, such as 9420; as before if left out.",
        ),
    ] = None,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make this machine a provider: a hot key for the node, its settings, your stake.

    The key that the profile names is the owner: it holds stake and earnings and stays out of the
    node. Repeating the command changes only what is missing or what you name: your own lines in
    node.toml stay. Where jobs are audited, seats let the node be drawn: it is paid for auditing,
    and loses stake if it does not. A machine that yields (--idle) takes no seats unless you name a
    number: a seat promises to be there.
    """
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.units import nvy

    values = {
        "listen_port": port,
        "endpoint": endpoint,
        "base_price_wei": base_price and f"{base_price} NVY",
        "price_per_second_wei": second_price and f"{second_price} NVY",
        "max_jobs": max_jobs,
        "pools": pool or None,
        "exact": exact,
        "metrics_port": metrics_port,
    }
    if idle and seats is None:
        seats = 0
    asked = {name: value for name, value in values.items() if value is not None}
    run(_init(asked, idle, nvy(stake), seats, yes or as_json, home, as_json))


async def _init(
    asked: dict[str, Any],
    is_idle: bool | None,
    stake_wei: int,
    seats: int | None,
    is_agreed: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    import asyncio

    from neurovoyance.cli.opened import ask_password, home_of, opened
    from neurovoyance.cli.output import console, emit_json, nvy
    from neurovoyance.node.enrolment import enrol, make_operator_key
    from neurovoyance.node.settings_file import SettingsFile
    from neurovoyance.protocol.ids import Address

    folder = home_of(home) / "node"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = folder / "node.toml"
    file = SettingsFile(config)
    file.put(asked)
    file.fill(_FIRST)
    async with opened(home) as client:
        session = client.session
        password_file = _password_file(folder, session.chain.chain_id)
        if password_file is None:
            password = await asyncio.to_thread(ask_password, "the node's new hot key", repeat=True)
        else:
            password = password_file.read_text(encoding="utf-8")
        operator = await asyncio.to_thread(make_operator_key, folder / "operator.json", password)
        known = file.values
        url = known.get("endpoint") or f"http://127.0.0.1:{known['listen_port']}"
        if not is_agreed:
            console().print(
                f"\n  owner      {session.address}\n  operator   {operator.address}\n"
                f"  answers    {url}\n  stake      {nvy(stake_wei)}, yours; it takes 21 days to "
                "take it out, and part is lost when a job is not done\n"
                + _seats_line(session.contracts.has_audits, stake_wei, seats)
            )
            typer.confirm("Register and stake?", default=True, abort=True)
        await _fund_gas(session, operator.address)
        own_wei = await enrol(
            session.contracts, session.wallet, Address(operator.address), url, stake_wei
        )
        _complete(file, folder, session, password_file, is_idle)
        file.save()
        taken = await _take_seats(session, config, seats)
    if as_json:
        emit_json(
            {
                "config": str(config),
                "owner": session.address,
                "operator": operator.address,
                "endpoint": url,
                "stake_wei": str(own_wei),
                "seats": taken,
            }
        )
        return
    out = console()
    out.print(f"\n  Registered with a stake of {nvy(own_wei)}. Settings: {config}", soft_wrap=True)
    if taken:
        count = "1 seat" if taken == 1 else f"{taken} seats"
        out.print(f"  It has {count} and may be drawn to audit jobs and judge disputes.")
    out.print("  Start it with: neurovoyance node start\n")


def _password_file(folder: Path, chain_id: int) -> Path | None:
    """Return the file with a password that nobody chose: on the devnet, whose coins have no worth.

    None where a person has to choose one, or has chosen one already.
    """
    import secrets

    from neurovoyance.chain.wallet import DEVNET_CHAIN_ID

    path = folder / "operator.password"
    if path.exists():
        return path
    if chain_id != DEVNET_CHAIN_ID or (folder / "operator.json").exists():
        return None
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return path


def _seats_line(has_audits: bool, stake_wei: int, seats: int | None) -> str:
    """Say what is going to be promised; nothing where jobs are not audited."""
    from neurovoyance.node.enrolment import seats_by_default

    wanted = seats_by_default(stake_wei) if seats is None else seats
    if not has_audits or not wanted:
        return ""
    return (
        f"  seats      {wanted}; the node has to audit and judge when drawn, and is paid for it; "
        "whoever fails to loses stake\n"
    )


async def _take_seats(session: Any, config: Path, seats: int | None) -> int:
    """Take the missing seats in the pools that the settings name; return how many there are."""
    from neurovoyance.node.enrolment import take_seats
    from neurovoyance.node.settings import load_settings
    from neurovoyance.protocol.certificate import pool_of

    if not session.contracts.has_audits:
        return 0
    settings = load_settings(config)
    pools = [pool_of(name) for name in settings.pools]
    if settings.exact:
        pools.append(await _own_pool())
    return await take_seats(session.contracts, session.wallet, pools, seats)


async def _own_pool() -> bytes:
    """Return the pool of this machine's numeric class."""
    from neurovoyance.node.runtime.numeric_class import numeric_class
    from neurovoyance.node.runtime.onnx_ import OnnxRuntime
    from neurovoyance.protocol.certificate import pool_of_numeric_class

    async with OnnxRuntime() as runtime:
        return pool_of_numeric_class(await numeric_class(runtime))


_GAS_WEI = 10**17


async def _fund_gas(session: Any, operator: str) -> None:
    """Give the hot key native coin for gas when it has none; it can pay for nothing else."""
    if await session.chain.balance_wei(operator) < _GAS_WEI // 10:
        await session.chain.transfer_native(session.wallet, operator, _GAS_WEI)


def _complete(
    file: Any, folder: Path, session: Any, password_file: Path | None, is_idle: bool | None
) -> None:
    """Put what this command found out into the settings; the owner's own lines stay."""
    profile = session.settings.profile
    file.note("Settings of a node. `neurovoyance node init` keeps what you change or add.")
    file.put(
        {
            "chain_id": session.chain.chain_id,
            "deployment_path": str(session.settings.deployment_path),
            "owner": session.address,
            "operator_keystore": str(folder / "operator.json"),
            **({"operator_password_file": str(password_file)} if password_file else {}),
        }
    )
    file.fill(
        {
            "data_dir": str(folder / "data"),
            "allow_private_addresses": session.settings.allows_private_peers,
        }
    )
    file.lead({"rpc_urls": profile.rpc_urls, **_places_of(profile)})
    if is_idle is not None:
        file.set_mode("idle" if is_idle else "always", _first_limits(is_idle))


def _first_limits(is_idle: bool) -> dict[str, Any]:
    """Return the limits of a machine whose owner set none; only what can be measured has one."""
    from neurovoyance.node.idle.readings import Unmeasured
    from neurovoyance.node.idle.sensors import desk_here

    # A limit on what cannot be measured would keep the node from running at all.
    if not is_idle or isinstance(desk_here().cpu_temperature_c(), Unmeasured):
        return {}
    return {"cpu_max_c": CPU_MAX_C}


def _places_of(profile: Any) -> dict[str, Any]:
    """Return where the network says that content and offers are found."""
    found = {"peers": profile.peers, "markets": profile.markets, "gateways": profile.gateways}
    return {name: urls for name, urls in found.items() if urls}
