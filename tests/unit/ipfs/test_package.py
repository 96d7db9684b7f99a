from __future__ import annotations

import subprocess
import sys

import pytest

import neurovoyance.ipfs as package


@pytest.mark.parametrize("name", package.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(package, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        package.nothing_of_this_name  # noqa: B018


def test_a_reader_of_blocks_imports_no_web_framework() -> None:
    code = "import neurovoyance.ipfs as p; p.EmbeddedBackend; print('starlette' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
        capture_output=True,
        check=True,
        timeout=90,
    )
    assert done.stdout.strip() == b"False"
