"""Every template is a sentence that the grammar reads, and the example is what a draft writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from neurovoyance.governance.grammar import parse_wish
from neurovoyance.governance.intentions import sentence_of
from neurovoyance.governance.proposal_file import load_draft

from .wishes import deployment

FOLDER = Path(__file__).resolve().parents[3] / "governance" / "proposals"
TEMPLATES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_sentences_of_a_template_are_read(path: Path) -> None:
    sentences = re.findall(r"^    (\S.*)$", path.read_text(), flags=re.M)
    assert sentences
    for sentence in sentences:
        wish = parse_wish(sentence)
        assert parse_wish(sentence_of(wish)) == wish


def test_the_page_of_the_folder_lists_every_template() -> None:
    page = (FOLDER / "README.md").read_text()
    assert TEMPLATES and all(f"`{path.name}`" in page for path in TEMPLATES)
    assert len(page.splitlines()) <= 40


def test_the_example_is_a_draft() -> None:
    draft = load_draft(deployment(), FOLDER / "example.json")
    assert draft.sentence == "set burnBps to 4.5 percent because burning helps every holder alike"
