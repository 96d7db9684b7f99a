"""``node.toml`` as its owner wrote it, edited in place: comments, order and unknown names survive.

Place: under the commands that set up a node; ``settings`` reads what this leaves. Never: drop or
change a line that nobody named, or leave half a file.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from neurovoyance.protocol.errors import ConfigError

_IDLE = "idle"


class SettingsFile:
    """The settings of a node, to be edited and then saved.

    Args:
        path: the file; it need not exist.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # a link stays one
        try:
            self._before = self._path.read_bytes() if self._path.exists() else b""
            self._document = tomlkit.parse(self._before.decode("utf-8"))
        except (OSError, UnicodeDecodeError, TOMLKitError) as error:
            raise ConfigError(
                f"The settings file {path} cannot be read: {error}.",
                hint="Mend it, or move it away to begin anew; nothing was changed.",
                faults=[f"{path.name}: cannot be read"],
            ) from error

    @property
    def values(self) -> dict[str, Any]:
        """Return what stands in the file now, as plain values."""
        return self._document.unwrap()

    def note(self, comment: str) -> None:
        """Begin a new file with a comment; one with content is left alone."""
        if not self._document.body:
            self._document.add(tomlkit.comment(comment))

    def put(self, values: Mapping[str, Any]) -> None:
        """Set these names; a value that stands there already keeps its line as it is."""
        known = self.values
        for name, value in values.items():
            if name not in known or known[name] != value:
                self._document[name] = value

    def fill(self, values: Mapping[str, Any]) -> None:
        """Set those of these names that are missing."""
        known = self.values
        self.put({name: value for name, value in values.items() if name not in known})

    def lead(self, lists: Mapping[str, Sequence[str]]) -> None:
        """Make lists begin with these words; what else stands in them is kept behind."""
        known = self.values
        for name, words in lists.items():
            found = known.get(name, [])
            held = [found] if isinstance(found, str) else list(found)
            self.put({name: [*words, *(word for word in held if word not in words)]})

    def set_mode(self, mode: str, first: Mapping[str, Any]) -> None:
        """Set the mode of the table ``[idle]``.

        Args:
            mode: ``idle`` or ``always``.
            first: limits for a file that says nothing about it yet.
        """
        if _IDLE not in self._document:
            table = tomlkit.table()
            table.update({"mode": mode, **first})
            self._document.add(tomlkit.nl())
            self._document[_IDLE] = table
        elif isinstance(self.values[_IDLE], str):
            self.put({_IDLE: mode})
        elif self.values[_IDLE].get("mode") != mode:
            self._document[_IDLE]["mode"] = mode

    def save(self) -> None:
        """Write the file, whole or not at all, for its owner's eyes only."""
        text = tomlkit.dumps(self._document).encode("utf-8")
        if text != self._before:
            partial = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}.part")
            try:
                descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(self._path)
            finally:
                partial.unlink(missing_ok=True)
            self._before = text
        self._path.chmod(0o600)
