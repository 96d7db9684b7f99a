"""What a fetch still wants, and runs of it: neighbouring leaves of one node, asked for together.

Place: between :mod:`.fetcher`, which cuts runs from what is missing, and :mod:`.streams`, which
asks peers for them; pure. Never: put a leaf into a run whose place or size is not stated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurovoyance.ipfs.cid import IDENTITY, RAW, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES

MIN_RUN_BLOCKS = 2


@dataclass(frozen=True, slots=True)
class Want:
    """A block to have: ``size_bytes`` is what its parent states, ``None`` for a root.

    A file's leaf lies at byte ``start`` of the file part ``node``; ``None`` for anything else.
    """

    cid: Cid
    size_bytes: int | None
    depth: int
    node: Cid | None = None
    start: int = 0

    @property
    def is_streamable(self) -> bool:
        """Whether it is a leaf whose place and size are stated, and can be part of a run."""
        is_leaf = self.cid.codec == RAW and self.cid.hash_code != IDENTITY
        return is_leaf and self.node is not None and 0 < (self.size_bytes or 0) <= MAX_BLOCK_BYTES

    def is_before(self, other: Want) -> bool:
        """Return whether ``other`` is the leaf that follows in the same node."""
        return self.node == other.node and self.start + (self.size_bytes or 0) == other.start


@dataclass(frozen=True, slots=True)
class Run:
    """Different leaves, one after the other without a gap, of the file part ``node``."""

    node: Cid
    leaves: tuple[Want, ...]

    @property
    def start(self) -> int:
        """The first byte, counted within ``node``."""
        return self.leaves[0].start

    @property
    def stop(self) -> int:
        """The byte after the last."""
        return self.leaves[-1].start + (self.leaves[-1].size_bytes or 0)


def take(pending: list[Want], most_blocks: int, most_bytes: int) -> list[Want]:
    """Pop streamable neighbours from the end of ``pending``: one at least, then up to a limit."""
    taken = [pending.pop()]
    size_bytes = taken[0].size_bytes or 0
    while pending and len(taken) < most_blocks:
        following = pending[-1]
        size_bytes += following.size_bytes or 0
        is_near = following.is_streamable and taken[-1].is_before(following)
        if not is_near or size_bytes > most_bytes:
            break
        taken.append(pending.pop())
    return taken


def runs_of(wants: Iterable[Want]) -> list[Run]:
    """Cut streamable leaves of one node, in order, where some are left out."""
    groups: list[list[Want]] = []
    for want in wants:
        if groups and groups[-1][-1].is_before(want):
            groups[-1].append(want)
        else:
            groups.append([want])
    return [Run(group[0].node, tuple(group)) for group in groups if group[0].node is not None]
