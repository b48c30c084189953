"""The paragraphs of the guides have short lines."""

from __future__ import annotations

import pytest

from tests.support.markdown import ROOT
from tools.wrap import wrapped


@pytest.mark.parametrize("name", sorted(page.name for page in (ROOT / "docs").glob("*.md")))
def test_the_lines_of_a_guide_are_short(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert text == wrapped(text), f"run: python -m tools.wrap docs/{name}"
