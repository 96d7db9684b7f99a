"""The digest of the targets' code is the one that the governor pinned."""

from __future__ import annotations

from tests.governed import Visit

from neurovoyance.governance.drafting import code_hashes
from neurovoyance.governance.pinning import DIGEST_BYTES, code_digest
from neurovoyance.governance.proposals import read_proposal


async def test_the_twin_gives_what_the_governor_pinned(visit: Visit) -> None:
    created = await visit.propose(
        "set burnBps to 4.5% and treasuryBps to 2.6% because both contracts are one"
    )
    view = await read_proposal(visit.governance, created)
    hashes = await code_hashes(visit.governance, created.actions.targets)
    assert code_digest(hashes) == view.code_digest
    assert len(view.code_digest) == DIGEST_BYTES


def test_order_and_every_hash_matter() -> None:
    one, two = "0x" + "11" * 32, "0x" + "22" * 32
    digests = {code_digest(item) for item in ([one, two], [two, one], [one], [one, one], [])}
    assert len(digests) == 5
