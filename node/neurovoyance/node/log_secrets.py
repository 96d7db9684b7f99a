"""What the settings hold that no line of the log may show.

Place: called once by ``__main__``, after the settings are read and before anything else runs.
Endpoints' addresses are hidden behind their host: hosted nodes put the key into the path. Never: a
secret kept here; ``logs`` has them for as long as the process lives.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr

from neurovoyance.node.logs import hide
from neurovoyance.node.settings import NodeSettings


def hide_secrets(settings: NodeSettings) -> None:
    """Blot keys, passwords and the secret part of addresses out of the log."""
    for _, value in settings:
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            hide(text)
            hide(text.removeprefix("0x"))
            if "://" in text:
                hide_address(text)
    for url in (*settings.rpc_urls, *settings.peers, *settings.gateways):
        hide_address(url)
    if settings.operator_password_file is not None:
        try:
            hide(settings.operator_password_file.read_text(encoding="utf-8").splitlines()[0])
        except (OSError, IndexError, UnicodeDecodeError):
            return  # whoever opens the key says what is wrong with the file


def hide_address(url: str) -> None:
    """Hide what could be a key in an address: user, password, path and query."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        hide(parts.netloc.rpartition("@")[0])
    if parts.password:
        hide(parts.password)
    hide(parts.path.strip("/"))
    if parts.query:
        hide(parts.query)
