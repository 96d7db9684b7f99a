"""``receipt check`` believes a receipt only as far as its signature and the chain bear it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.receipt_check import RECEIPT_MAX_BYTES, read_receipt
from neurovoyance.protocol.errors import SpecError

from .conftest import Invoke


@pytest.fixture
def receipt(home: Path, settled_job: dict[str, Any]) -> Path:
    """The receipt of a job that was paid."""
    return home / "receipts" / f"{settled_job['job_id'][2:]}.json"


def test_the_receipt_of_a_real_job_holds(
    invoke: Invoke, receipt: Path, settled_job: dict[str, Any]
) -> None:
    assert invoke("receipt", "check", str(receipt)) == {
        "job_id": settled_job["job_id"],
        "is_sound": True,
        "faults": [],
    }
    assert "This receipt holds" in invoke("receipt", "check", str(receipt), text=True)


def test_a_changed_receipt_fails_by_signature_and_by_the_chain(
    invoke: Invoke, receipt: Path, tmp_path: Path
) -> None:
    told = json.loads(receipt.read_text())
    told["facts"]["price_wei"] = str(int(told["facts"]["price_wei"]) + 1)
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(told))
    shown = invoke("receipt", "check", str(forged), code=1)
    assert not shown["is_sound"]
    faults = " ".join(shown["faults"])
    assert "changed after it was signed" in faults
    assert "The chain says otherwise about `price_wei`." in faults
    assert "does not hold" in invoke("receipt", "check", str(forged), code=1, text=True)


def test_what_is_no_receipt_is_refused_in_words(tmp_path: Path) -> None:
    listed, broken, long = tmp_path / "list", tmp_path / "broken", tmp_path / "long"
    listed.write_text("[]")
    broken.write_bytes(b"\xff{")
    with long.open("wb") as file:
        file.truncate(RECEIPT_MAX_BYTES + 1)
    for path, words in (
        (listed, "not a receipt"),
        (broken, "cannot be read"),
        (long, "too long"),
        (tmp_path / "missing", "cannot be read"),
    ):
        with pytest.raises(SpecError, match=words):
            read_receipt(path)
