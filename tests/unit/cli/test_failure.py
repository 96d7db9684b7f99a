"""Every failure says what happened, what is safe and what to do, without a traceback."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import Any

import pytest

import neurovoyance.client
from neurovoyance.cli.failure import EXIT_INTERRUPTED, EXIT_UNEXPECTED, report, what_is_safe
from neurovoyance.protocol import errors

for module in pkgutil.iter_modules(neurovoyance.client.__path__):
    importlib.import_module(f"neurovoyance.client.{module.name}")


def shown(
    error: BaseException, capsys: pytest.CaptureFixture[str], **options: Any
) -> tuple[int, str]:
    code = report(error, as_json=False, debug=False, **options)
    return code, capsys.readouterr().err


@pytest.mark.parametrize("code", sorted(errors.error_codes()))
def test_every_error_of_the_tree_has_three_answers(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = errors.error_codes()[code]
    error = kind.__new__(kind)
    errors.NeurovoyanceError.__init__(error, "It broke.")
    exit_code, text = shown(error, capsys)
    assert exit_code == kind.exit_code
    for part in ("what happened  It broke.", "what is safe", "what to do"):
        assert part in text
    assert "Traceback" not in text
    assert what_is_safe(error).endswith((".", "it.")) or what_is_safe(error)


def test_a_refusal_before_sending_differs_from_one_on_chain() -> None:
    before = errors.UnknownRevert("No.")
    after = errors.UnknownRevert("No.", tx_hash="0xab")
    assert "nothing was sent" in what_is_safe(before)
    assert "only the gas" in what_is_safe(after)


def test_a_defect_is_reported_without_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = shown(ZeroDivisionError("division by zero"), capsys)
    assert code == EXIT_UNEXPECTED
    assert "ZeroDivisionError" in text
    assert "--debug" in text


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError as error:
        report(error, as_json=False, debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_says_that_jobs_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = shown(KeyboardInterrupt(), capsys)
    assert code == EXIT_INTERRUPTED
    assert "Jobs that were sent go on" in text


def test_programs_get_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    code = report(
        errors.SpecError("Wrong.", hint="Mend it.", size_bytes=5), as_json=True, debug=False
    )
    out, err = capsys.readouterr()
    assert (code, err) == (2, "")
    assert json.loads(out)["error"] == {
        "code": "spec",
        "message": "Wrong.",
        "hint": "Mend it.",
        "context": {"size_bytes": 5},
        "safe": "Nothing was sent; no money moved.",
    }
