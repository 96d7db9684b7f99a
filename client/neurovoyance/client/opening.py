"""Opens a client from a home folder: its network profile, its key.

Place: between applications and :mod:`.client`. Layout of a home folder: ``network.json`` (the
profile), ``storage``, ``results``, ``receipts``, ``markets``. Never: ask for a password, or read
the environment; the application does and hands it in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.wallet import Wallet
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.settings import ClientSettings, load_profile
from neurovoyance.protocol.errors import ConfigError

PROFILE_NAME = "network.json"


def default_home() -> Path:
    """Return the folder that is used when none is named."""
    return Path.home() / ".neurovoyance"


def settings_of(home: Path | None, **changes: Any) -> ClientSettings:
    """Return the settings of a home folder; ``changes`` replace single ones.

    Raises:
        ConfigError: there is no profile, or it is wrong.
    """
    folder = (home or default_home()).expanduser().absolute()
    profile = load_profile(folder / PROFILE_NAME)
    changes.setdefault("market_urls", tuple(profile.markets))
    return ClientSettings(home=folder, profile=profile, profile_dir=folder, **changes)


def wallet_of(settings: ClientSettings, password: str | None) -> Wallet:
    """Return the key that the profile names.

    Raises:
        ConfigError: it names none, or the password is missing.
        AccessDenied: the password is wrong.
    """
    if settings.profile.devnet_account is not None:
        return devnet_wallet(settings.profile.devnet_account)
    path = settings.keystore_path
    if path is None:
        raise ConfigError(
            "The network profile names no key, so nothing can be paid.",
            hint="Make one with `neurovoyance wallet create`.",
            faults=["keystore: missing"],
        )
    if password is None:
        raise ConfigError(
            f"The password of {path.name} is needed.",
            hint="Give it when asked, or in the environment variable NEUROVOYANCE_PASSWORD.",
            faults=["password: missing"],
        )
    return Wallet.open(path, password)


async def open_from_profile(
    home: Path | None = None, *, password: str | None = None, serve: bool = True, **changes: Any
) -> AsyncClient:
    """Open the client of a home folder; see :meth:`AsyncClient.open`."""
    settings = settings_of(home, **changes)
    return await AsyncClient.open(settings, wallet_of(settings, password), serve=serve)
