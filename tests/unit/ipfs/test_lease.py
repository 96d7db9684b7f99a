from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.index import BlockIndex
from neurovoyance.ipfs.lease import Workers, lease


async def test_a_lease_lasts_as_long_as_its_context_even_if_that_fails(tmp_path: Path) -> None:
    index = BlockIndex(tmp_path / "i")
    root = Cid.of(b"x")
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(KeyError):
            async with lease(index, Workers(pool), root):
                assert [binary for binary, _ in index.leases(0)] == [root.binary]
                raise KeyError
        assert index.leases(0) == []
    index.close()


async def test_leases_of_several_operations_do_not_mix(tmp_path: Path) -> None:
    index = BlockIndex(tmp_path / "i")
    with ThreadPoolExecutor(1) as pool:
        workers = Workers(pool)
        async with lease(index, workers, None):
            async with lease(index, workers, None):
                assert len(index.leases(0)) == 2
            assert len(index.leases(0)) == 1
    index.close()
