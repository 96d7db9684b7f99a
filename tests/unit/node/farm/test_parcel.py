"""Files arrive as they were sent, whatever way they come, and stay in their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from neurovoyance.node.farm.parcel import Parcel, ParcelFile, is_held, pack, reachable, unpack
from neurovoyance.protocol.errors import StorageIntegrityError, StorageNotFound


def folder_of(path: Path) -> Path:
    (path / "deep").mkdir(parents=True)
    (path / "model.onnx").write_bytes(b"model")
    (path / "deep" / "weights").write_bytes(b"weights" * 99)
    return path


@pytest.mark.parametrize("is_folder", [False, True])
def test_bytes_arrive(tmp_path: Path, is_folder: bool) -> None:
    source = folder_of(tmp_path / "model")
    source = source if is_folder else source / "model.onnx"
    parcel = Parcel.model_validate_json(pack(source).model_dump_json())
    assert unpack(parcel, tmp_path / "arrived")
    assert is_held(parcel, tmp_path / "arrived")
    assert pack(tmp_path / "arrived").digest == parcel.digest


def test_large_files_travel_by_path_or_not_at_all(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "a" / "model")
    parcel = pack(source, bytes_most=100)
    assert not unpack(parcel, tmp_path / "arrived")
    assert reachable(parcel, (tmp_path / "a",)) == source.resolve()
    assert reachable(parcel, (tmp_path / "b",)) is None
    assert reachable(parcel, ()) is None
    (source / "model.onnx").write_bytes(b"other")
    assert reachable(parcel, (tmp_path / "a",)) is None
    (source / "model.onnx").unlink()
    assert reachable(parcel, (tmp_path / "a",)) is None


def test_a_link_out_of_the_shared_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "link").symlink_to(secret)
    parcel = pack(tmp_path / "shared" / "link")
    assert reachable(parcel, (tmp_path / "shared",)) is None


def test_other_bytes_than_announced_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"right")
    (tmp_path / "b").write_bytes(b"wrong")
    right, wrong = pack(tmp_path / "a"), pack(tmp_path / "b")
    forged = right.files[0].model_copy(update={"data": wrong.files[0].data})
    with pytest.raises(StorageIntegrityError):
        unpack(right.model_copy(update={"files": (forged,)}), tmp_path / "arrived")


def test_nothing_to_send_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageNotFound):
        pack(tmp_path / "missing")


@given(st.lists(st.sampled_from(["..", "a", ".", "b.onnx", "/", "//"]), max_size=5))
def test_no_name_leads_out_of_its_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    root = Path("/some/folder")
    try:
        file = ParcelFile(name=name, size_bytes=1, sha256="0" * 64)
    except ValidationError:
        return
    assert Path(os.path.normpath(root / file.name)).is_relative_to(root)
