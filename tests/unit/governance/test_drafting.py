"""Drafts are checked against the chain before anything is written."""

from __future__ import annotations

import pytest
from tests.governed import FRIEND, Visit

from neurovoyance.governance.drafting import code_hashes, draft, wish_targets
from neurovoyance.governance.grammar import parse_wish
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS


async def test_the_class_picks_the_governor(visit: Visit) -> None:
    burn = await draft(visit.governance, "set burnBps to 4.5% because it is S")
    assert not burn.is_constitutional
    both = await draft(
        visit.governance, "set burnBps to 4.5% and noShowBps to 11% and unbonding to 20.5 days "
        "because one is C"
    )  # fmt: skip
    assert both.is_constitutional
    assert len(both.actions.targets) == len(both.code_hashes) == 3


async def test_code_hashes_are_those_of_the_targets(visit: Visit) -> None:
    wish = parse_wish(
        f"set burnBps to 4.5% and pay 1 NVY to {FRIEND.address} from the treasury because of two"
    )
    deployment = visit.governance.deployment
    targets = wish_targets(visit.governance, wish)
    assert targets == (deployment.params, deployment.treasury)
    first, second = await code_hashes(visit.governance, targets)
    assert first != second and len(first) == 66


async def test_nobody_does_not_hold_the_guardian(visit: Visit) -> None:
    with pytest.raises(SpecError, match="Nobody cannot hold"):
        await draft(visit.governance, f"renew the guardian with {ZERO_ADDRESS} because none")
