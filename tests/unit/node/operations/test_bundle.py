"""A bundle gives back what was put in, and nothing that was altered; a password opens it."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.operations import bundle as bundle_module
from neurovoyance.node.operations.bundle import Bundle, pack, seal, unpack, unseal
from neurovoyance.protocol.errors import AccessDenied, ConfigError

NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,3}", fullmatch=True)


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=6))
def test_what_is_packed_comes_back(files: dict[str, bytes]) -> None:
    made = Bundle({"owner": "0x11"}, files)
    assert unpack(pack(made)) == made


@given(st.data())
def test_an_altered_archive_is_refused_or_the_same(data: st.DataObject) -> None:
    made = Bundle({"a": 1}, {"keys/x.json": b"secret" * 20})
    archive = bytearray(pack(made))
    place = data.draw(st.integers(0, len(archive) - 1))
    archive[place] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(archive))
    except (ConfigError, tarfile.TarError):
        return
    assert found.files == made.files


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "a\\b", "", "a//b", "."])
def test_a_name_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="leaves the folder"):
        pack(Bundle({}, {name: b""}))


def test_a_link_is_refused() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("x")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(ConfigError, match="no file"):
        unpack(out.getvalue())


def test_only_the_password_opens_it() -> None:
    sealed = seal(b"content", "a long password")
    assert sealed.startswith(b"age-encryption.org/v1"), "any age opens it"
    assert b"content" not in sealed
    # That the right one opens it is shown by `wallet restore`: each attempt takes a second.
    with pytest.raises(AccessDenied):
        unseal(sealed, "another password")


def test_short_passwords_and_endless_bundles_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="fewer than 8"):
        seal(b"", "short")
    monkeypatch.setattr(bundle_module, "BUNDLE_MAX_BYTES", 3)
    with pytest.raises(ConfigError, match="would have 4 bytes"):
        pack(Bundle({}, {"a": b"1234"}))


def test_what_is_no_backup_is_refused() -> None:
    for junk in (b"", b"x" * 2_000, pack(Bundle())[:300]):
        with pytest.raises(ConfigError, match="no backup"):
            unpack(junk)
