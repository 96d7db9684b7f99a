"""The journal remembers what was meant, across processes and chains."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain.fees import Fees
from neurovoyance.chain.nonces import Intent, JournaledTx, TxJournal, TxState
from neurovoyance.chain.wallet import SignedTransaction
from neurovoyance.protocol.errors import ConfigError

ME = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
INTENT = Intent(ME, b"\x01\x02", 5, "Token.transfer")
FEES = Fees(10, 1)
MADE_S = 1_700_000_000


def journal(folder: Path, genesis: str = "0x01") -> TxJournal:
    return TxJournal(folder / "tx.sqlite", chain_id=31337, genesis_hash=genesis)


def record(book: TxJournal, key: str, nonce: int) -> JournaledTx:
    signed = SignedTransaction(b"raw" + key.encode(), "0x" + key.encode().hex())
    return book.record(ME, key, nonce, INTENT, 21_000, signed, FEES, MADE_S)


def test_what_was_recorded_is_there_after_a_restart(tmp_path: Path) -> None:
    first = journal(tmp_path)
    row = record(first, "a", 0)
    first.close()
    second = journal(tmp_path)
    assert second.find(ME, "a") == row
    assert second.pending(ME) == [row]
    assert second.senders() == [ME]
    assert row.attempts[0].raw == b"rawa"
    second.close()


def test_two_processes_see_each_other(tmp_path: Path) -> None:
    one, two = journal(tmp_path), journal(tmp_path)
    record(one, "a", 0)
    assert two.free_nonce(ME, 0) == 1
    one.close()
    two.close()


def test_the_free_nonce_fills_gaps_from_the_chain_on(tmp_path: Path) -> None:
    book = journal(tmp_path)
    for key, nonce in (("a", 3), ("b", 4), ("c", 6)):
        record(book, key, nonce)
    assert [book.free_nonce(ME, n) for n in (2, 3, 4, 5, 6, 9)] == [2, 5, 5, 5, 7, 9]
    book.close()


def test_a_key_cannot_be_recorded_twice_while_it_counts(tmp_path: Path) -> None:
    import sqlite3

    book = journal(tmp_path)
    row = record(book, "a", 0)
    with pytest.raises(sqlite3.IntegrityError):
        record(book, "a", 1)
    book.settle(row.id, TxState.MINED, "0xaa")
    with pytest.raises(sqlite3.IntegrityError):
        record(book, "a", 1)
    assert book.find(ME, "a") is not None
    book.close()


@pytest.mark.parametrize("state", [TxState.REVERTED, TxState.DISPLACED])
def test_a_key_that_changed_nothing_may_be_taken_over(tmp_path: Path, state: TxState) -> None:
    book = journal(tmp_path)
    book.settle(record(book, "a", 0).id, state)
    fresh = record(book, "a", 1)
    assert (fresh.nonce, len(fresh.attempts), fresh.state) == (1, 1, TxState.PENDING)
    book.close()


def test_attempts_are_kept_in_order(tmp_path: Path) -> None:
    book = journal(tmp_path)
    row = record(book, "a", 0)
    book.add_attempt(row.id, SignedTransaction(b"two", "0x02"), Fees(20, 2), MADE_S + 9)
    found = book.find(ME, "a")
    assert found is not None
    assert [(a.raw, a.fees.max_fee_wei) for a in found.attempts] == [(b"rawa", 10), (b"two", 20)]
    assert [a.made_at_s for a in found.attempts] == [MADE_S, MADE_S + 9]
    book.close()


def test_a_forgotten_transaction_frees_its_nonce(tmp_path: Path) -> None:
    book = journal(tmp_path)
    book.forget(record(book, "a", 0).id)
    assert book.find(ME, "a") is None
    assert book.free_nonce(ME, 0) == 0
    book.close()


def test_another_genesis_is_another_chain(tmp_path: Path) -> None:
    old = journal(tmp_path, "0x01")
    record(old, "a", 0)
    new = journal(tmp_path, "0x02")
    assert new.find(ME, "a") is None
    assert new.pending(ME) == []
    old.close()
    new.close()


def test_fingerprints_tell_intentions_apart() -> None:
    others = [
        Intent(None, INTENT.data, 5, ""),
        Intent(ME, b"\x01\x03", 5, ""),
        Intent(ME, b"\x01\x02", 6, ""),
    ]
    assert len({INTENT.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert Intent(ME, b"\x01\x02", 5, "other label").fingerprint == INTENT.fingerprint


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tx.sqlite").write_bytes(b"this is not a database" * 100)
    with pytest.raises(ConfigError, match="cannot be opened"):
        journal(tmp_path)
