"""Strategies for everything that can be proposed, and a deployment of made-up addresses."""

from __future__ import annotations

from dataclasses import fields

from eth_utils.address import to_checksum_address
from hypothesis import strategies as st

from neurovoyance.chain.deployment import Deployment
from neurovoyance.governance.intentions import (
    CanaryListing,
    ChallengeRuling,
    GuardianRenewal,
    Intention,
    ModelSuspension,
    ParameterChange,
    Payment,
    SlashReduction,
    Wish,
)
from neurovoyance.protocol.ids import Address
from neurovoyance.tokenomics.params import PARAMETERS

MOVABLE = {key: parameter for key, parameter in PARAMETERS.items() if parameter.word}


def address_of(number: int) -> Address:
    return Address(to_checksum_address(number.to_bytes(20, "big")))


def deployment() -> Deployment:
    """A deployment whose contracts stand at 1, 2, 3, ..."""
    names = [item.name for item in fields(Deployment)][3:]
    places = {name: address_of(number) for number, name in enumerate(names, 1)}
    return Deployment(31_337, "0x" + "00" * 32, 1, **places)


addresses = st.integers(1, 2**160 - 1).map(address_of)
amounts = st.integers(1, 10**27)
hashes = st.binary(min_size=32, max_size=32)
pools = st.one_of(
    st.binary(min_size=12, max_size=12),
    st.from_regex(r"[a-z][a-z0-9]{0,11}", fullmatch=True).map(
        lambda name: name.encode().ljust(12, b"\0")
    ),
)
reasons = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=80
).map(lambda text: " ".join(text.split()))


@st.composite
def changes(draw: st.DrawFn) -> ParameterChange:
    """A parameter, and a value within its bounds."""
    parameter = draw(st.sampled_from(list(MOVABLE.values())))
    value = draw(st.integers(parameter.min, parameter.max))
    before = draw(st.none() | st.integers(parameter.min, parameter.max))
    return ParameterChange(parameter.key, value, None if before == value else before)


intentions: st.SearchStrategy[Intention] = st.one_of(
    changes(),
    st.builds(Payment, st.sampled_from(["treasury", "insurance fund"]), addresses, amounts),
    st.builds(GuardianRenewal, addresses),
    st.builds(SlashReduction, hashes, st.integers(0, 10**27)),
    st.builds(
        CanaryListing, hashes, pools, st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1)
    ).filter(lambda item: len(str(item.batch)) < 10),
    hashes.map(lambda name: CanaryListing(name, bytes(12), 0, 0, is_listed=False)),
    st.builds(ModelSuspension, hashes),
    st.builds(ChallengeRuling, hashes, st.booleans()),
)


def _key(item: Intention) -> object:
    return item.key if isinstance(item, ParameterChange) else item


wishes = st.builds(
    Wish,
    st.lists(intentions, min_size=1, max_size=4, unique_by=_key).map(tuple),
    reasons.filter(bool),
)
