"""An owner's settings are edited where they stand: nothing that was not named changes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.node.settings_file import SettingsFile
from neurovoyance.protocol.errors import ConfigError

BY_HAND = """\
# Mine.
max_jobs = 3        # three seats
rpc_urls = [
  "http://a",       # the near one
  "http://mine",
]
favourite_colour = "green"
listen_port = 0x20E4

[idle]              # at night
hours = ["22:00-06:00"]
mode = "idle"

[mine.own]
x = 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.toml"


def edited(path: Path, text: str | None) -> SettingsFile:
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return SettingsFile(path)


def test_what_is_not_named_stays_to_the_byte(path: Path) -> None:
    file = edited(path, BY_HAND)
    file.note("Somebody else's.")
    file.put({"listen_port": 8420})
    file.fill({"max_jobs": 1, "data_dir": "/data"})
    file.lead({"rpc_urls": ["http://a"]})
    file.set_mode("idle", {"cpu_max_c": 85})
    file.save()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line not in BY_HAND.splitlines()] == ['data_dir = "/data"']
    assert [line for line in lines if not line.startswith("data_dir")] == BY_HAND.splitlines()
    assert tomllib.loads("\n".join(lines))["data_dir"] == "/data", "not inside a table"


def test_what_is_named_changes_alone(path: Path) -> None:
    file = edited(path, BY_HAND)
    file.put({"max_jobs": 4})
    file.set_mode("always", {"cpu_max_c": 85})
    file.lead({"rpc_urls": ["http://new"], "peers": ["http://p"]})
    file.save()
    text = path.read_text(encoding="utf-8")
    found = tomllib.loads(text)
    assert found["max_jobs"] == 4
    assert "# three seats" in text
    assert found["idle"] == {"hours": ["22:00-06:00"], "mode": "always"}
    assert found["rpc_urls"] == ["http://new", "http://a", "http://mine"]
    assert found["peers"] == ["http://p"]
    assert (found["favourite_colour"], found["mine"]) == ("green", {"own": {"x": 1}})


def test_a_new_file_begins_with_its_comment_and_is_its_owners(path: Path) -> None:
    file = edited(path, None)
    file.note("Settings.")
    file.put({"chain_id": 1, "ours": True, "urls": ["a"]})
    file.set_mode("idle", {"cpu_max_c": 85})
    file.put({"later": "x"})
    file.save()
    assert path.read_text(encoding="utf-8").startswith("# Settings.\n")
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {
        "chain_id": 1,
        "ours": True,
        "urls": ["a"],
        "later": "x",
        "idle": {"mode": "idle", "cpu_max_c": 85},
    }
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["node.toml"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('idle = "idle"\n', "always"),
        ('idle = {mode = "idle", cores = 1}\n', {"mode": "always", "cores": 1}),
        ("idle.cores = 1\n", {"cores": 1, "mode": "always"}),
    ],
)
def test_every_way_of_writing_the_mode_is_kept(path: Path, text: str, found: object) -> None:
    file = edited(path, text)
    file.set_mode("always", {"cpu_max_c": 85})
    file.save()
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"idle": found}


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.toml"
    target.write_text("a = 1\n", encoding="utf-8")
    path.symlink_to(target)
    file = SettingsFile(path)
    file.put({"b": 2})
    file.save()
    assert path.is_symlink()
    assert tomllib.loads(target.read_text(encoding="utf-8")) == {"a": 1, "b": 2}


@pytest.mark.parametrize("content", [b"a = \n", b"\xff", b"a = 1\na = 2\n"])
def test_what_cannot_be_read_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read"):
        SettingsFile(path)
    assert path.read_bytes() == content


NAMES = st.sampled_from(["a", "b", "idle_", "max_jobs", "peers"])
VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(), st.lists(st.text(), max_size=3)
)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES), st.booleans())
def test_an_edit_says_what_was_asked_and_a_second_one_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[str, object],
    second: dict[str, object],
    has_table: bool,
) -> None:
    path = tmp_path_factory.getbasetemp() / "edited.toml"
    path.write_text('[idle]\nmode = "idle"\n' if has_table else "", encoding="utf-8")
    file = SettingsFile(path)
    file.put(first)
    file.put(second)
    file.save()
    expected = {**first, **second, **({"idle": {"mode": "idle"}} if has_table else {})}
    text = path.read_text(encoding="utf-8")
    assert tomllib.loads(text) == expected
    again = SettingsFile(path)
    again.put(second)
    again.fill(first)
    again.save()
    assert path.read_text(encoding="utf-8") == text
