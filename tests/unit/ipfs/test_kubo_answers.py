from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.kubo_answers import cid_of, info_of, pin_name, pin_of, providers_of
from neurovoyance.protocol.errors import SpecError, StorageError

CID = Cid.of(b"x")


@given(st.text(max_size=40), st.none() | st.integers(0, 10**11))
def test_a_pin_keeps_name_and_expiry_in_its_name(name: str, expires_s: int | None) -> None:
    pin = pin_of({"Cid": str(CID), "Name": pin_name(name, expires_s), "Type": "recursive"})
    assert pin is not None
    if expires_s is not None:
        assert (pin.name, pin.expires_s) == (name, expires_s)
    if expires_s is None and not name.endswith("]"):
        assert (pin.name, pin.expires_s) == (name, None)


def test_pins_of_other_tools_are_passed_over() -> None:
    assert pin_of({"Cid": "bafyreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"}) is None
    assert pin_of({}) is None
    old = pin_of({"Cid": "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"})
    assert old is not None and old.cid.text.startswith("bafybei") and old.name == ""


def test_a_name_longer_than_kubo_takes_is_refused() -> None:
    with pytest.raises(SpecError, match="255"):
        pin_name("ä" * 128, None)


def test_links_are_read_and_junk_is_not() -> None:
    assert cid_of({"/": str(CID)}) == CID
    for junk in (None, {}, {"/": 5}, {"/": "x"}, []):
        with pytest.raises(StorageError):
            cid_of(junk)


def test_providers_are_those_of_provider_answers() -> None:
    line = {
        "Type": 4,
        "Responses": [
            {"ID": "a", "Addrs": ["/ip4/1.2.3.4/tcp/4001", "/dns/g.example/tcp/443/https", 5]},
            {"ID": "b", "Addrs": None},
            "junk",
        ],
    }
    first, second = providers_of(line)
    assert first.urls == ("https://g.example:443",) and len(first.addresses) == 2
    assert second.addresses == ()
    assert providers_of({**line, "Type": 1}) == [] == providers_of({"Type": 4, "Responses": None})


def test_who_a_daemon_is() -> None:
    info = info_of({"ID": "12D3", "AgentVersion": "kubo/0.39.0/", "Addresses": None, "New": 1})
    assert (info.peer_id, info.agent, info.addresses) == ("12D3", "kubo/0.39.0/", ())
