"""Ballots are the typed data of the governor; files that are none are refused."""

from __future__ import annotations

import pytest
from tests.governed import BANK, FRIEND, Visit

from neurovoyance.chain.governors import Support
from neurovoyance.governance.ballots import (
    Ballot,
    ballot_json,
    check_ballot,
    parse_ballot,
    sign_ballot,
    typed_ballot,
)
from neurovoyance.governance.proposal_file import canonical
from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS


def test_a_reason_makes_it_the_longer_kind() -> None:
    plain = Ballot(1, ZERO_ADDRESS, 5, Support.FOR, ZERO_ADDRESS, 0, "", b"")
    domain, types, message = typed_ballot(plain, "a governor")
    assert (list(types), domain["version"]) == (["Ballot"], "1")
    assert message["support"] == 1
    reasoned = Ballot(1, ZERO_ADDRESS, 5, Support.FOR, ZERO_ADDRESS, 0, "so", b"")
    _, types, message = typed_ballot(reasoned, "a governor")
    assert list(types) == ["ExtendedBallot"]
    assert (message["reason"], message["params"]) == ("so", b"")


async def test_a_signed_ballot_passes_and_a_strange_signature_does_not(visit: Visit) -> None:
    created = await visit.propose("set burnBps to 4.5 percent because it is signed for")
    ballot = await sign_ballot(visit.governance, created, FRIEND, Support.FOR)
    await check_ballot(visit.governance, ballot)
    document = ballot_json(ballot)
    assert parse_ballot(canonical(document)) == ballot
    for signature in ("0x", "0x" + "00" * 65, "0x" + "ff" * 65, "0x1234"):
        with pytest.raises(SignatureError):
            strange = parse_ballot(canonical({**document, "signature": signature}))
            await check_ballot(visit.governance, strange)
    with pytest.raises(SignatureError):
        other = parse_ballot(canonical({**document, "voter": BANK.address}))
        await check_ballot(visit.governance, other)


@pytest.mark.parametrize(
    "text", ["", "7", "{}", "[" * 50_000, '{"format": "neurovoyance-ballot/1"}']
)
def test_what_is_no_ballot_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="not a signed ballot"):
        parse_ballot(text)
