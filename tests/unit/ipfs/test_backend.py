from __future__ import annotations

from neurovoyance.ipfs.backend import Progress, ProgressMeter, Stat
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.unixfs import Kind


def test_the_rate_counts_only_bytes_that_moved() -> None:
    seen: list[Progress] = []
    meter = ProgressMeter(seen.append)
    meter.bytes_total = 100
    meter.advance(60, is_moved=False)
    assert (seen[-1].bytes_done, seen[-1].rate_bytes_s, seen[-1].eta_s) == (60, 0, None)
    meter.advance(40)
    assert seen[-1].bytes_done == 100
    assert seen[-1].rate_bytes_s > 0 and seen[-1].eta_s == 0


def test_without_a_total_there_is_no_eta() -> None:
    seen: list[Progress] = []
    ProgressMeter(seen.append).advance(5)
    assert seen[-1].bytes_total is None and seen[-1].eta_s is None


def test_a_stat_is_complete_when_nothing_is_missing() -> None:
    assert Stat(Cid.of(b""), Kind.FILE, 0, 1, 0, 0).is_complete
    assert not Stat(Cid.of(b""), Kind.FILE, 9, 2, 0, 1).is_complete
