"""Which peers may be asked: address policy, normal form of base URLs, provider records.

Place: under :mod:`.fetcher`. A peer is the base URL of a trustless gateway. On public networks
private, loopback and link-local addresses are refused, checked on the address that is connected
to, so neither a redirect nor a name that resolves differently later gets around it. Never: send
credentials, follow a redirect, or use a proxy from the environment.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from neurovoyance.protocol.errors import AccessDenied, SpecError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HOST_PROTOCOLS = {"ip4", "ip6", "dns", "dns4", "dns6"}


@dataclass(slots=True)
class Peer:
    """A gateway during one job: what it lacks, how it failed, how busy it is.

    ``streams``: connections in use that bring several blocks each, at ``stream_bytes_s`` the last
    time; nodes in ``unstreamable`` are asked for block by block.
    """

    url: str
    in_flight: int = 0
    failures: int = 0
    seconds_per_block: float = 0.0
    paused_until_s: float = 0.0
    dropped: str | None = None
    lacks: dict[bytes, str] = field(default_factory=dict)
    streams: int = 0
    stream_bytes_s: float = 0.0
    knows_archives: bool = True
    unstreamable: set[bytes] = field(default_factory=set)


class PolicyResolver(AbstractResolver):
    """Resolves names and refuses every address that the policy refuses."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the allowed addresses of ``host``; :class:`OSError` when none is."""
        # aiohttp's own resolver asks for configured address families only, and so finds not even
        # localhost on a machine without a network.
        infos = await asyncio.get_running_loop().getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM
        )
        allowed = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=found,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found, _, proto, _, address in infos
            if is_allowed(str(address[0]), self._allow_private)
        ]
        if not allowed:
            raise OSError(None, f"{host} resolves to private addresses only, which are refused")
        return allowed

    async def close(self) -> None:
        """Nothing is held open."""


def is_allowed(address: str, allow_private: bool) -> bool:
    """Return whether an IP address may be connected to."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_allowed(str(inner), allow_private)
    if ip.is_multicast or ip.is_unspecified:
        return False
    return allow_private or ip.is_global


def check_url(url: str, allow_private: bool) -> str:
    """Return the base URL of a gateway in normal form, without a trailing slash.

    Raises:
        SpecError: not an http(s) URL, or with user, query or fragment.
        AccessDenied: the host is an address that the policy refuses.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SpecError(f"{url[:200]!r} is not a URL.") from error
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not host or not is_plain:
        raise SpecError(f"{url[:200]!r} is not the base URL of a gateway.")
    try:
        is_refused = not is_allowed(host, allow_private)
    except ValueError:
        is_refused = host.endswith("localhost") and not allow_private
    if is_refused:
        raise AccessDenied(
            f"The peer {url[:200]!r} has a private address, which is refused on this network.",
            hint="Private addresses are for devnet and local networks only.",
        )
    shown = f"[{host}]" if ":" in host else host
    suffix = f":{port}" if port is not None else ""
    return f"{parts.scheme}://{shown}{suffix}{parts.path.rstrip('/')}"


def url_of_multiaddr(text: str) -> str | None:
    """Return the base URL of an HTTP multiaddr such as ``/dns4/a.org/tcp/443/https``."""
    parts = text.strip("/").split("/")
    if len(parts) < 4 or parts[0] not in _HOST_PROTOCOLS or parts[2] != "tcp":
        return None
    tail = parts[4:]
    if not parts[3].isdigit() or ("http" not in tail and "https" not in tail):
        return None
    scheme = "https" if "https" in tail or "tls" in tail else "http"
    host = f"[{parts[1]}]" if parts[0] == "ip6" else parts[1]
    return f"{scheme}://{host}:{parts[3]}"


def multiaddr_of_url(url: str) -> str:
    """Return the HTTP multiaddr of a base URL without a path."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        kind = f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        kind = "dns"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"/{kind}/{host}/tcp/{port}/{parts.scheme}"


def provider_urls(answer: object) -> list[str]:
    """Return the base URLs in a delegated routing answer, in its order, each once."""
    records = answer.get("Providers") if isinstance(answer, dict) else None
    urls: list[str] = []
    for record in records if isinstance(records, list) else []:
        addrs = record.get("Addrs") if isinstance(record, dict) else None
        for addr in addrs if isinstance(addrs, list) else []:
            if not isinstance(addr, str) or len(addr) > 512:
                continue
            url = addr if addr.startswith("http") else url_of_multiaddr(addr)
            if url and url not in urls:
                urls.append(url)
    return urls
