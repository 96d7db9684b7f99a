"""The node's settings: one file, the environment, arguments; read once, all faults at once.

Place: built by ``python -m neurovoyance.node`` or the command line, and passed down; nothing else
of the node reads the environment. Precedence: argument, ``NEUROVOYANCE_NODE_<NAME>``, TOML file,
default. Lists in the environment are separated by commas. Passwords come from a file or a prompt,
never from the environment; a raw key works on the devnet alone. Never: a setting that changes
after the start.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from neurovoyance.ipfs.composite import Places, check_places
from neurovoyance.node.idle.settings import IdleSettings
from neurovoyance.node.lending import Lend
from neurovoyance.node.logs import LogFormat
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.protocol.ids import Address, parse_address
from neurovoyance.protocol.job_spec import MAX_RUNTIME_MAX_S
from neurovoyance.protocol.units import UINT96_MAX, nvy
from neurovoyance.tokenomics.params import default_of

ENV_PREFIX = "NEUROVOYANCE_NODE_"
DEVNET_CHAIN_ID = 31337
MIB = 1 << 20
GIB = 1 << 30
DAY_S = 86_400


def _address(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_address(value)
    except SpecError as error:
        raise ValueError(error.message) from error


def _amount(value: object) -> object:
    """Take wei as an integer or decimal text, or an amount written like ``0.05 NVY``."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return int(text)
    if text.endswith("NVY"):
        try:
            return nvy(text.removesuffix("NVY").strip())
        except SpecError as error:
            raise ValueError(error.message) from error
    raise ValueError('write wei as an integer, or an amount such as "0.05 NVY"')


def _list(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _idle(value: object) -> object:
    return {"mode": value} if isinstance(value, str) else value


AddressSetting = Annotated[Address, BeforeValidator(_address)]
Amount = Annotated[int, BeforeValidator(_amount), Field(ge=0, le=UINT96_MAX)]
Texts = Annotated[list[str], BeforeValidator(_list)]


class NodeSettings(BaseModel):
    """All settings of a provider's node.

    Attributes:
        rpc_urls: RPC endpoints of the chain, in order of preference.
        chain_id: the chain that they must serve.
        deployment_path: file with the addresses of the contracts.
        data_dir: journal, storage, transactions; one for each provider and chain.
        owner: the provider's address; earnings go there.
        operator_keystore: file of the hot key that acts for the owner.
        operator_password_file: file whose first line is its password; asked for if missing.
        operator_raw_key: a hot key in the clear; refused outside the devnet.
        listen_host, listen_port: where the API answers; port 0 picks a free one.
        endpoint: URL at which others reach it; by default the listening address.
        allowed_hosts: further names that requests may address.
        base_price_wei, price_per_second_wei: the price is base + rate * the job's longest runtime.
        lock_multiple, min_lock_wei: the lock is the larger of multiple * price and the minimum.
        max_jobs: executions computed at once.
        max_runtime_s: longest job taken.
        memory_bytes: memory of one execution; None takes 80 % of what is free.
        model_bytes, input_bytes, output_bytes, storage_bytes: largest files; the store.
        threads: threads of one execution, where the job's class allows several.
        fetch_timeout_s: longest wait for a manifest, an input or a model.
        envelope_keep_s: how long results are kept after they were made.
        poll_interval_s: pause between looks at the chain.
        confirmations: blocks after which a transaction counts as mined.
        peers: gateways asked for content besides those that clients name.
        kubo_rpc_url: RPC of an IPFS daemon, asked after the peers and told of what is provided.
        kubo_authorization: what its Authorization header must say, if the daemon demands one.
        gateways: trustless gateways asked last; none by default.
        markets: base URLs of market services that get the standing offer; none by default.
        allow_private_addresses: fetch from private networks too; for devnet and LAN.
        pools: names of the auditor pools in which this provider takes seats.
        exact: whether it also takes seats in the pool of its machine's numeric class.
        harvest_threshold_wei: earnings are paid out to the owner above this.
        collect_rewards: register, claim, harvest and release for the owner when it is due, and
            help canaries along for everybody; canaries drawn for the owner are always taken.
        task_base_price_wei: of one task paid by voucher, in place of ``base_price_wei``.
        task_credit_wei: how much work one client may get ahead of its newest voucher; 0 takes no
            tasks.
        redeem_threshold_wei: vouchers are redeemed when they add this, or before they end.
        redeem_gas_price_max_wei: above this price of gas, redeeming waits until it cannot.
        lend: ``paid`` by the price list, or ``volunteer``: one wei, for ``public_clients`` alone.
        public_clients: addresses of clients for whom a volunteer works.
        idle: when the machine is lent and how much of it; ``idle = "idle"`` stands for a table
            with that mode.
        warm_bytes: memory for models kept loaded between jobs; 0 keeps none.
        farm_redis: address of the Redis through which workers of a farm compute (``redis://``,
            ``rediss://``, ``unix://``); None computes here.
        farm_name: tells farms on one Redis apart.
        stop_grace_s: how long a stop waits for work under way.
        metrics_port: loopback port of Prometheus' metrics; 0 picks a free one, None tells none.
        log_format: ``json``, an object a line, or ``text`` for people.
        log_path: file for the log; standard error if None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rpc_urls: Annotated[Texts, Field(min_length=1)]
    chain_id: Annotated[int, Field(ge=1)] = DEVNET_CHAIN_ID
    deployment_path: Path
    data_dir: Path
    owner: AddressSetting
    operator_keystore: Path | None = None
    operator_password_file: Path | None = None
    operator_raw_key: SecretStr | None = None
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=0, le=65_535)] = 8420
    endpoint: str | None = None
    allowed_hosts: Texts = []
    base_price_wei: Amount = 10**16
    price_per_second_wei: Amount = 10**15
    lock_multiple: Annotated[int, Field(ge=default_of("lockMinMultiple"), le=1_000)] = 20
    min_lock_wei: Amount = 0
    max_jobs: Annotated[int, Field(ge=1, le=64)] = 1
    max_runtime_s: Annotated[int, Field(ge=1, le=MAX_RUNTIME_MAX_S)] = 3_600
    memory_bytes: Annotated[int, Field(ge=256 * MIB)] | None = None
    model_bytes: Annotated[int, Field(ge=1)] = 8 * GIB
    input_bytes: Annotated[int, Field(ge=1)] = GIB
    output_bytes: Annotated[int, Field(ge=1)] = 256 * MIB
    storage_bytes: Annotated[int, Field(ge=64 * MIB)] = 50 * GIB
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    fetch_timeout_s: Annotated[float, Field(gt=0, le=DAY_S)] = 600.0
    envelope_keep_s: Annotated[int, Field(ge=DAY_S)] = 14 * DAY_S
    poll_interval_s: Annotated[float, Field(ge=0.05, le=60)] = 1.0
    confirmations: Annotated[int, Field(ge=1, le=64)] = 1
    peers: Texts = []
    kubo_rpc_url: str | None = None
    kubo_authorization: SecretStr | None = None
    gateways: Texts = []
    markets: Texts = []
    allow_private_addresses: bool = False
    pools: Texts = ["cpu"]
    exact: bool = False
    harvest_threshold_wei: Amount = 10 * 10**18
    collect_rewards: bool = True
    task_base_price_wei: Amount = 10**14
    task_credit_wei: Amount = 10**18
    redeem_threshold_wei: Amount = 10**18
    redeem_gas_price_max_wei: Amount = 100 * 10**9
    lend: Lend = Lend.PAID
    public_clients: Annotated[list[AddressSetting], BeforeValidator(_list)] = []
    idle: Annotated[IdleSettings, BeforeValidator(_idle)] = IdleSettings()
    warm_bytes: Annotated[int, Field(ge=0)] = 2 * GIB
    farm_redis: SecretStr | None = None
    farm_name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")] = "default"
    stop_grace_s: Annotated[float, Field(ge=0, le=DAY_S)] = 30.0
    log_path: Path | None = None
    log_format: LogFormat = "json"
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    crash_at: Annotated[str | None, Field(repr=False)] = None

    @property
    def places(self) -> Places:
        """Where content is looked for besides the disk and the peers."""
        secret = self.kubo_authorization
        return Places(
            self.kubo_rpc_url,
            secret.get_secret_value() if secret else None,
            tuple(self.gateways),
            allow_private_gateways=self.allow_private_addresses,
        )

    @model_validator(mode="after")
    def _can_be_asked(self) -> NodeSettings:
        try:
            check_places(self.places)
        except ConfigError as error:
            raise ValueError(error.message) from error
        return self

    @field_validator("rpc_urls", "peers", "markets")
    @classmethod
    def _are_urls(cls, value: list[str]) -> list[str]:
        for url in value:
            HttpUrl(url)
        return value

    @field_validator("endpoint")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None:
            HttpUrl(value)
        return value.rstrip("/") if value else value

    @field_validator("pools")
    @classmethod
    def _are_pools(cls, value: list[str]) -> list[str]:
        for name in value:
            try:
                pool_of(name)
            except SpecError as error:
                raise ValueError(error.message) from error
        return value

    @model_validator(mode="after")
    def _one_key(self) -> NodeSettings:
        keys = [self.operator_keystore, self.operator_raw_key]
        if sum(key is not None for key in keys) != 1:
            raise ValueError(
                "name operator_keystore (or operator_raw_key on the devnet), one of it"
            )
        if self.operator_raw_key is not None and self.chain_id != DEVNET_CHAIN_ID:
            raise ValueError("operator_raw_key: a raw private key is refused outside the devnet")
        if self.lend is Lend.VOLUNTEER and not self.public_clients:
            raise ValueError("public_clients: a volunteer works for listed clients; none is listed")
        if self.crash_at is not None and self.chain_id != DEVNET_CHAIN_ID:
            raise ValueError("crash_at: only for tests on the devnet")
        return self


def load_settings(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> NodeSettings:
    """Build the settings from a TOML file, the environment and arguments.

    Args:
        path: the file, or None.
        environ: the environment, the process's own if None; names without the prefix are ignored.
        arguments: from the command line; None values count as not given.

    Raises:
        ConfigError: a file that cannot be read, unknown names, wrong values; all in ``faults``.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values.update(_read_file(path))
    for name, text in (os.environ if environ is None else environ).items():
        if name.startswith(ENV_PREFIX):
            values[name.removeprefix(ENV_PREFIX).lower()] = text
    values.update({name: value for name, value in (arguments or {}).items() if value is not None})
    try:
        return NodeSettings.model_validate(values)
    except ValidationError as error:
        # Values are left out of the text: one of them could be a key.
        faults = [_fault(item) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigError(
            f"The node's settings have {len(faults)} fault(s): " + "; ".join(faults) + ".",
            hint="Nothing was started. Mend all of them in the file, the environment "
            f"({ENV_PREFIX}...) or the arguments.",
            faults=faults,
        ) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"The settings file {path} cannot be read: {error}.",
            hint="Nothing was started. It has to be a TOML file.",
            faults=[f"{path}: {error}"],
        ) from error


def _fault(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{where}: there is no such setting"
    return f"{where}: {text}" if where else text
