from __future__ import annotations

import pytest

from neurovoyance.ipfs.peers import (
    PolicyResolver,
    check_url,
    is_allowed,
    multiaddr_of_url,
    provider_urls,
    url_of_multiaddr,
)
from neurovoyance.protocol.errors import AccessDenied, SpecError

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_for_private_networks(address: str) -> None:
    assert not is_allowed(address, allow_private=False)
    assert is_allowed(address, allow_private=True)
    url = f"http://[{address}]:80" if ":" in address else f"http://{address}"
    with pytest.raises(AccessDenied):
        check_url(url, allow_private=False)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1"])
def test_addresses_of_nobody_are_never_allowed(address: str) -> None:
    assert not is_allowed(address, allow_private=True)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "fe80::1%eth0"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, allow_private="%" in address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "1.1.1.1",
        "ftp://a.org",
        "file:///etc/passwd",
        "http://",
        "http://user@a.org",
        "http://user:pw@a.org",
        "http://a.org?x=1",
        "http://a.org#x",
        "http://a.org:99999",
        "http://[::1",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(SpecError):
        check_url(url, allow_private=True)


def test_urls_get_one_normal_form() -> None:
    assert check_url("HTTP://A.org/", False) == "http://a.org"
    assert check_url("https://a.org:8443/gw//", False) == "https://a.org:8443/gw"
    assert check_url("http://[2606:4700::1111]:1", False) == "http://[2606:4700::1111]:1"


def test_localhost_by_name_is_private() -> None:
    with pytest.raises(AccessDenied):
        check_url("http://localhost:80", allow_private=False)


@pytest.mark.parametrize("name", ["localhost", "127.1", "2130706433", "0x7f.1"])
async def test_names_that_resolve_to_private_addresses_are_refused(name: str) -> None:
    resolver = PolicyResolver(allow_private=False)
    with pytest.raises(OSError):
        await resolver.resolve(name, 80)
    await resolver.close()
    allowing = PolicyResolver(allow_private=True)
    assert (await allowing.resolve(name, 80))[0]["host"] == "127.0.0.1"
    await allowing.close()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("/ip4/1.2.3.4/tcp/80/http", "http://1.2.3.4:80"),
        ("/dns4/a.org/tcp/443/https", "https://a.org:443"),
        ("/dns/a.org/tcp/443/tls/http", "https://a.org:443"),
        ("/ip6/::1/tcp/8080/http", "http://[::1]:8080"),
        ("/ip4/1.2.3.4/udp/80/quic", None),
        ("/ip4/1.2.3.4/tcp/4001", None),
        ("/ip4/1.2.3.4/tcp/x/http", None),
        ("", None),
    ],
)
def test_http_multiaddrs_become_urls(text: str, url: str | None) -> None:
    assert url_of_multiaddr(text) == url


@pytest.mark.parametrize("url", ["http://1.2.3.4:80", "https://a.org:443", "http://[::1]:8080"])
def test_urls_become_multiaddrs_and_back(url: str) -> None:
    assert url_of_multiaddr(multiaddr_of_url(url)) == url


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"Providers": None}, {"Providers": [1, {"Addrs": 2}, {"Addrs": [3]}]}]
)
def test_malformed_provider_records_give_no_url(answer: object) -> None:
    assert provider_urls(answer) == []
