"""The grammar reads what is written, refuses what is unclear, and names what is near."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from neurovoyance.governance.grammar import nearest_keys, parse_wish, resolve_key
from neurovoyance.governance.intentions import (
    CanaryListing,
    ChallengeRuling,
    GuardianRenewal,
    ModelSuspension,
    ParameterChange,
    Payment,
    SlashReduction,
    Wish,
    sentence_of,
)
from neurovoyance.protocol.errors import SpecError

from .wishes import MOVABLE, address_of, wishes

TO = "0x00000000000000000000000000000000000000AA"


@settings(max_examples=300)
@given(wishes)
def test_what_is_written_is_read_back(wish: Wish) -> None:
    assert parse_wish(sentence_of(wish)) == wish


@pytest.mark.parametrize("key", MOVABLE)
def test_every_parameter_can_be_proposed_at_both_bounds(key: str) -> None:
    for value in (MOVABLE[key].min, MOVABLE[key].max):
        wish = Wish((ParameterChange(key, value),), "it can be")
        assert parse_wish(sentence_of(wish)) == wish


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set burnBps to 4.5 percent", ParameterChange("burnBps", 450)),
        ("Raise BURNBPS from 4% to 4.5%", ParameterChange("burnBps", 450, 400)),
        ("burn: 4% -> 4.5%", ParameterChange("burnBps", 450, 400)),
        ("take exit base 10% → 8%", ParameterChange("exitBaseBps", 800, 1_000)),
        ("unbonding = 20 days", ParameterChange("unbondingS", 1_728_000)),
        ("lower the min-self-stake to 500 NVY", ParameterChange("minSelfStakeWei", 5 * 10**20)),
        (f"pay 1.5 million NVY to {TO} from the treasury", Payment("treasury", TO, 15 * 10**23)),
        (f"grant 5 NVY to {TO} out of the treasury", Payment("treasury", TO, 5 * 10**18)),
        (f"pay 5 NVY to {TO} from the insurance", Payment("insurance fund", TO, 5 * 10**18)),
        (f"renew the guardian with {TO}", GuardianRenewal(address_of(0xAA))),
        (
            f"reduce slash 0x{'ab' * 32} to 7 NVY",
            SlashReduction(b"\xab" * 32, 7 * 10**18),
        ),
        (f"reduce slash 0x{'ab' * 32} to 0 NVY", SlashReduction(b"\xab" * 32, 0)),
        (
            f"list canary model 0x{'cd' * 32} in pool cpu with batch 4 for 60 seconds",
            CanaryListing(b"\xcd" * 32, b"cpu".ljust(12, b"\0"), 4, 60),
        ),
        (
            f"unlist canary model 0x{'cd' * 32}",
            CanaryListing(b"\xcd" * 32, bytes(12), 0, 0, is_listed=False),
        ),
        (f"suspend the model 0x{'cd' * 32}", ModelSuspension(b"\xcd" * 32)),
        (
            f"uphold the challenge of model 0x{'cd' * 32}",
            ChallengeRuling(b"\xcd" * 32, is_upheld=True),
        ),
        (
            f"Dismiss challenge against the model 0x{'cd' * 32}",
            ChallengeRuling(b"\xcd" * 32, is_upheld=False),
        ),
    ],
)
def test_sentences_of_people_are_understood(text: str, expected: object) -> None:
    wish = parse_wish(f"{text} because it is so")
    assert wish.intentions == (expected,)
    assert wish.reason == "it is so"


def test_several_changes_are_joined() -> None:
    wish = parse_wish(
        "set burnBps to 4.5% and treasury 3% -> 2.5%, unbonding to 20 days; "
        f"pay 50,000 NVY to {TO} "
        "from the treasury because all of it, and because it is time"
    )
    keys = [item.key for item in wish.intentions if isinstance(item, ParameterChange)]
    assert keys == ["burnBps", "treasuryBps", "unbondingS"]
    assert wish.intentions[3] == Payment("treasury", address_of(0xAA), 5 * 10**22)
    assert wish.reason == "all of it, and because it is time"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("set burnBps to 4%", "gives no reason", "because"),
        ("set burnBps to 4% because ", "gives no reason", "because"),
        ("set burnBp to 4% because x", "no parameter 'burnBp'", "burnBps"),
        ("set fish to 4% because x", "no parameter 'fish'", "lists all"),
        ("set seatWei to 4 NVY because x", "constant of the contracts", "can be changed"),
        ("raise burn by 1% because x", "By how much", "set burnBps to"),
        (f"reduce slash 0x{'ab' * 32} by 7 NVY because x", "shall be left", "to ..."),
        ("raise burn from 4% to 3% because x", "other side", "Swap"),
        ("set burn from 4% to 4% because x", "changes nothing", "differs"),
        ("set burn to 4% and burnBps to 5% because x", "twice", "once"),
        ("be nice because x", "nothing that can be proposed", "Write for example"),
        (f"pay much to {TO} from the treasury because x", "not an amount", "50,000 NVY"),
        ("pay 5 NVY to 0x12 from the treasury because x", "not an address", "40 hexadecimal"),
        ("set burnBps to 4% because " + "x" * 5_000, "characters", "Shorten"),
        (
            "and ".join(f"set burnBps to {n}% " for n in range(17)) + "because x",
            "holds 1 to 16",
            "Write for example",
        ),
    ],
)
def test_what_is_unclear_is_refused_with_what_to_do(text: str, message: str, hint: str) -> None:
    with pytest.raises(SpecError) as refused:
        parse_wish(text)
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_names_may_be_short_where_they_are_unique() -> None:
    assert resolve_key("Standard Quorum").key == "standardQuorumBps"
    assert resolve_key("treasury").key == "treasuryBps"
    assert nearest_keys("unbondigS")[0] == "unbondingS"
