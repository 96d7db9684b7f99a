"""A report reads as a person would say it."""

from __future__ import annotations

import pytest

from neurovoyance.node.calibration.report import ENORMOUS, Report, Tried, in_tau
from neurovoyance.node.calibration.survey import Option
from neurovoyance.protocol.certificate import Measurement
from neurovoyance.verification.calibration import CalibrationResult, Candidate


def tried(names: list[str], behind: str, cheat: str, *reasons: str) -> Tried:
    option = Option(names=names, behind=behind, reason="R.", rows=[3], tail=[], hidden=[])
    result = CalibrationResult(
        Candidate(tuple(names), behind),
        "1.00e-6",
        (Measurement(name="ort-all-1", value="2.50e-7"),),
        (
            Measurement(name="int8 weights", value=ENORMOUS),
            Measurement(name="fp16 weights", value=cheat),
        ),
        reasons,
    )
    return Tried(option, result, reasons, ((20,),), ("fp32",), (((1, 600),),), 600)


REFUSED = tried(
    ["probs"],
    "Softmax",
    "3.44e-6",
    "fp16 weights differ by only 3.4 tau on 0007.safetensors; the checked tensor lies after a "
    "softmax.",
)
LOGITS = tried(["logits"], "", "2.12e-4")


def test_a_refusal_says_why_and_what_to_use_instead() -> None:
    report = Report(tried=(REFUSED, LOGITS), proposal=LOGITS)
    assert not report.is_accepted
    assert report.verdict() == (
        "The model is refused: `probs` lies after a softmax: fp16 weights differ by only 3.4 tau "
        "on 0007.safetensors. Use `logits`, gap 212 tau."
    )


def test_an_acceptance_names_classes_tensors_and_the_gap() -> None:
    report = Report(tried=(LOGITS,), accepted=LOGITS, exact=LOGITS, exact_pool=b"\xff" * 12)
    assert report.verdict() == (
        "The model can be certified for TENSOR and EXACT jobs, comparing `logits`. Honest results "
        "stay within a quarter of the tolerance, tau = 1.00e-6; the smallest cheat is 212 tau "
        "away, and 5 are needed."
    )
    shown = report.to_json()
    assert (shown["accepted"], shown["tensors"]) == (True, ["logits"])
    assert shown["tried"][0]["cheat_min"]["fp16 weights"] == "2.12e-4"
    assert shown["exact_pool"] == "0x" + "ff" * 12


def test_exact_alone_says_what_was_refused_first() -> None:
    words = Report(tried=(REFUSED,), exact=REFUSED).verdict()
    assert words.startswith("The model is refused: `probs` lies after a softmax")
    assert "EXACT jobs alone" in words


def test_a_model_that_was_never_run_lists_every_reason() -> None:
    report = Report(refusals=("If #2 is control flow.", "Foo #3 has no rule."))
    assert report.verdict() == (
        "This model cannot be certified. If #2 is control flow. Foo #3 has no rule."
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0e0", "0.00"),
        ("2.59e-7", "0.25"),
        ("3.49e-6", "3.4"),
        ("1.29e-5", "12"),
        ("2.12e-3", "2,120"),
        ("9.00e0", "more than 1,000,000"),
        (ENORMOUS, "far more than 1,000,000"),
    ],
)
def test_distances_are_cut_never_rounded_up(value: str, words: str) -> None:
    assert in_tau(Measurement(name="m", value=value), "1.00e-6") == words
