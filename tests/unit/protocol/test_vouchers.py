import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from pydantic import ValidationError

from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.merkle import is_proven
from neurovoyance.protocol.signing import digest_of
from neurovoyance.protocol.vouchers import (
    RECEIPTS_MAX,
    Delegation,
    Receipt,
    SignedVoucher,
    Voucher,
    channel_id_of,
    delegation_message,
    parse_signed_voucher,
    receipts_tree,
    recover_voucher_client,
    sign_delegation,
    sign_voucher,
    voucher_message,
)

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/vouchers.json").read_text())
CHANNELS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
HERE: dict[str, Any] = {"chain_id": 31337, "channels": CHANNELS}
CLIENT = Account.from_key("0x" + "42" * 32)
DELEGATE = Account.from_key("0x" + "43" * 32)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
VOUCHER = Voucher(
    channel_id=b"\1" * 32,
    payee=CHANNELS,
    cumulative_wei=500,
    receipts_root=b"\2" * 32,
    max_leaf_wei=100,
    expiry_s=1_800_000_000,
)


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def signed_by_delegate(**changes: Any) -> SignedVoucher:
    terms = {
        "channel_id": VOUCHER.channel_id,
        "delegate": DELEGATE.address,
        "cap_wei": 500,
        "expiry_s": 1_800_000_000,
    }
    delegation = Delegation.model_validate(terms | changes)
    return SignedVoucher(
        voucher=VOUCHER,
        signature=sign_voucher(VOUCHER, DELEGATE, **HERE),
        delegation=delegation,
        permission=sign_delegation(delegation, CLIENT, **HERE),
    )


@pytest.mark.parametrize("row", VECTORS["vouchers"], ids=["least", "usual", "most"])
def test_vouchers_equal_the_vectors(row: dict[str, Any]) -> None:
    where = {"chain_id": int(row["chain_id"]), "channels": row["channels"]}
    voucher = Voucher.model_validate(row["voucher"])
    assert digest_of(voucher_message(voucher, **where)) == raw(row["digest"])
    signed = SignedVoucher(voucher=voucher, signature=raw(row["signature"]))
    assert recover_voucher_client(signed, **where) == row["client"]
    assert channel_id_of(client=row["client"], salt=raw(row["salt"]), **where) == raw(
        row["channel_id"]
    )


@pytest.mark.parametrize("row", VECTORS["delegations"])
def test_delegations_equal_the_vectors(row: dict[str, Any]) -> None:
    delegation = Delegation.model_validate(row["delegation"])
    where = {"chain_id": int(row["chain_id"]), "channels": row["channels"]}
    assert digest_of(delegation_message(delegation, **where)) == raw(row["digest"])


@pytest.mark.parametrize("row", VECTORS["receipts"], ids=lambda row: str(len(row["receipts"])))
def test_receipts_equal_the_vectors(row: dict[str, Any]) -> None:
    receipts = [Receipt.model_validate(item) for item in row["receipts"]]
    assert [item.leaf() for item in receipts] == [raw(leaf) for leaf in row["leaves"]]
    assert receipts_tree(receipts).root == raw(row["root"])


def test_a_signature_counts_on_its_chain_and_contract_alone() -> None:
    signed = SignedVoucher(voucher=VOUCHER, signature=sign_voucher(VOUCHER, CLIENT, **HERE))
    assert recover_voucher_client(signed, **HERE) == CLIENT.address
    assert recover_voucher_client(signed, chain_id=1, channels=CHANNELS) != CLIENT.address
    elsewhere = recover_voucher_client(signed, chain_id=31337, channels=CLIENT.address)
    assert elsewhere != CLIENT.address


def test_a_delegate_signs_for_its_client() -> None:
    assert recover_voucher_client(signed_by_delegate(), **HERE) == CLIENT.address


def test_a_delegate_over_its_cap_does_not() -> None:
    with pytest.raises(SpecError, match="above what the delegate"):
        recover_voucher_client(signed_by_delegate(cap_wei=499), **HERE)


def test_a_voucher_of_another_than_the_delegate_does_not_count() -> None:
    with pytest.raises(SpecError, match="not signed by the delegate"):
        recover_voucher_client(signed_by_delegate(delegate=CLIENT.address), **HERE)


def test_a_permission_that_was_changed_is_somebody_elses() -> None:
    signed = signed_by_delegate()
    assert signed.delegation
    more = signed.delegation.model_copy(update={"cap_wei": 501})
    changed = signed.model_copy(update={"delegation": more})
    assert recover_voucher_client(changed, **HERE) != CLIENT.address


def test_a_permission_of_another_channel_is_refused() -> None:
    with pytest.raises(ValidationError, match="another channel"):
        signed_by_delegate(channel_id=b"\7" * 32)


def test_a_delegation_needs_its_permission() -> None:
    with pytest.raises(ValidationError, match="with its permission"):
        SignedVoucher(voucher=VOUCHER, signature=b"\1", delegation=signed_by_delegate().delegation)


def forms(signature: bytes) -> list[bytes]:
    """What recovers to the same key, and is not what the contract takes."""
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    return [r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]), signature[:64] + bytes([v - 27])]


@pytest.mark.parametrize("form", [0, 1], ids=["high s", "v of 0 or 1"])
def test_what_the_contract_refuses_is_refused_here(form: int) -> None:
    other = forms(sign_voucher(VOUCHER, CLIENT, **HERE))[form]
    with pytest.raises(SignatureError):
        recover_voucher_client(SignedVoucher(voucher=VOUCHER, signature=other), **HERE)


def test_a_signed_voucher_survives_json() -> None:
    signed = signed_by_delegate()
    assert parse_signed_voucher(signed.model_dump_json()) == signed


@pytest.mark.parametrize("text", ["", "{}", "[]", "x" * 20_000, '{"voucher": 1}'])
def test_what_is_no_voucher_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_signed_voucher(text)


def receipt(start: int, end: int) -> Receipt:
    return Receipt(work=start.to_bytes(32, "big"), start_wei=start, end_wei=end)


def test_every_receipt_is_proven() -> None:
    receipts = [receipt(at, at + 3) for at in range(7, 40, 3)]
    tree = receipts_tree(receipts)
    assert all(is_proven(tree.root, r.leaf(), tree.proof(r.leaf())) for r in receipts)
    assert not is_proven(tree.root, receipt(7, 11).leaf(), tree.proof(receipts[0].leaf()))


@pytest.mark.parametrize(
    "receipts",
    [
        [],
        [receipt(0, 1), receipt(2, 3)],
        [receipt(0, 2), receipt(1, 3)],
        [receipt(5, 5)],
        [receipt(at, at + 1) for at in range(RECEIPTS_MAX + 1)],
    ],
    ids=["none", "a gap", "an overlap", "nothing paid", "too many"],
)
def test_receipts_that_do_not_follow_each_other_are_refused(receipts: list[Receipt]) -> None:
    with pytest.raises(SpecError):
        receipts_tree(receipts)


def test_as_many_as_allowed_are_taken() -> None:
    receipts = [receipt(at, at + 1) for at in range(RECEIPTS_MAX)]
    assert len(receipts_tree(receipts).leaves) == RECEIPTS_MAX
