"""Every flag that takes a number says which, and refuses any other by its name, before anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from neurovoyance.cli.main import app, run
from neurovoyance.protocol.job_spec import JobSpec

SCRIPT = "<script>window.broken=1</script>"
HUGE = "9" * 40
SPEC_FIELDS = {
    "--max-runtime": "max_runtime_s",
    "--window": "window_s",
    "--audit-slots": "audit_slots",
}


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, found in group.commands.items():
        if hasattr(found, "commands"):
            yield from commands(found, (*words, name))
        else:
            yield (*words, name), found


def is_number(option: Any) -> bool:
    return option.type_descriptor.annotation in (int, float)


ALL = [
    (words, command, option)
    for words, command in commands(typer.main.get_command(app))
    for option in command.params
    if is_number(option)
]
IDS = [f"{' '.join(words)} {option.opts[0]}" for words, _, option in ALL]


def needed(command: Any, option: Any) -> list[str]:
    """Return words for all else that a command cannot do without."""
    words: list[str] = []
    for other in command.params:
        if other is not option and other.required:
            words += ["x"] if other.param_type_name == "argument" else [other.opts[0], "x"]
    return words


def refusal(command: Any, line: list[str]) -> str:
    """Read a line as the program does, but for finding the command, which takes longer."""
    try:
        command.make_context(line[0], line[1:])
    except Exception as error:
        wrong: Any = error  # its class moved from click to typer between releases
        assert wrong.exit_code == 2
        return str(wrong.format_message())
    return ""


@pytest.mark.parametrize(("words", "command", "option"), ALL, ids=IDS)
def test_what_is_no_number_or_out_of_its_range_is_refused_by_name(
    words: tuple[str, ...], command: Any, option: Any
) -> None:
    name = option.opts[0]
    assert option.min is not None, f"{name} has no least value"
    bad = ["", "many", "NaN", "-1" if option.min == 0 else str(option.min - 1), SCRIPT]
    bad += ["1.5"] * (option.type_descriptor.annotation is int)
    bad += [HUGE] * (option.max is not None)
    for text in bad:
        said = refusal(command, [words[-1], *needed(command, option), f"{name}={text}"])
        assert f"Invalid value for '{name}" in said, (text, said)


def test_such_a_refusal_is_a_line_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--port", "70000"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Invalid value for '--port'" in err
    assert "65535" in err


@pytest.mark.parametrize(("flag", "field"), SPEC_FIELDS.items())
def test_the_ranges_of_a_job_are_those_of_its_spec(flag: str, field: str) -> None:
    properties = JobSpec.model_json_schema()["properties"]
    found = [
        option
        for words, _, option in ALL
        if words in {("job", "submit"), ("job", "quote")} and option.opts[0] == flag
    ]
    assert found
    for option in found:
        wanted = properties[field]
        assert (option.min, option.max) == (wanted["minimum"], wanted["maximum"])


def test_flags_were_found() -> None:
    assert len(ALL) > 30
