from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.tiers import Tiers
from neurovoyance.protocol.errors import (
    StorageError,
    StorageFull,
    StorageNotFound,
    StorageTooLarge,
    StorageUnreachable,
)

CID = Cid.of(b"x")


@dataclass
class Place:
    answer: bytes | StorageError
    width: int = 1
    asked: list[Cid] = field(default_factory=list)

    async def obtain(self, cid: Cid, limit_bytes: int) -> bytes:
        self.asked.append(cid)
        if isinstance(self.answer, StorageError):
            raise self.answer
        return self.answer


def lacking(name: str) -> Place:
    return Place(StorageNotFound("no", providers={name: "HTTP 404"}))


async def test_places_are_asked_in_order_until_one_has_it() -> None:
    places = [lacking("a"), Place(StorageUnreachable("away", url="b")), Place(b"x"), Place(b"x")]
    assert await Tiers(places).obtain(CID, 9) == b"x"
    assert [len(place.asked) for place in places] == [1, 1, 1, 0]


async def test_everybody_asked_is_named_with_a_reason() -> None:
    with pytest.raises(StorageNotFound, match="a: HTTP 404; b: away") as caught:
        await Tiers([lacking("a"), Place(StorageUnreachable("away", url="b"))]).obtain(CID, 9)
    assert caught.value.context["providers"] == {"a": "HTTP 404", "b": "away"}


async def test_a_place_that_keeps_lacking_blocks_is_asked_last() -> None:
    first, second = lacking("a"), Place(b"x", width=7)
    tiers = Tiers([first, second])
    for _ in range(5):
        await tiers.obtain(CID, 9)
    assert len(first.asked) == 3
    assert tiers.width == 7
    second.answer = StorageNotFound("no", providers={})
    with pytest.raises(StorageNotFound):
        await tiers.obtain(CID, 9)
    assert len(first.asked) == 4


async def test_a_full_disk_ends_the_search_and_a_large_block_is_reported() -> None:
    with pytest.raises(StorageFull):
        await Tiers([Place(StorageFull("full")), Place(b"x")]).obtain(CID, 9)
    with pytest.raises(StorageTooLarge):
        await Tiers([Place(StorageTooLarge("big")), lacking("a")]).obtain(CID, 9)
