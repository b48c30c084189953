"""The ranks of titles on pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SHEETS = sorted(
    path
    for folder in ("yoto/control_plane/static", "yoto/rooms", "app/static")
    for path in (ROOT / folder).rglob("*.css")
)
RULE = re.compile(r"([^{};/]+)\{([^{}]*)\}")
TITLE = re.compile(r"(?<![.\w-])(h[1-4]|figcaption)(?![\w-])")
OWN = re.compile(r"(?<![\w-])font(?:-size|-weight)?: *+(?!var\(--title-|inherit)[^;]+")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_title_is_as_large_and_heavy_as_its_rank(sheet: Path) -> None:
    rules = RULE.findall(re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S))
    own = {
        selector.strip(): OWN.findall(body)
        for selectors, body in rules
        for selector in selectors.split(",")
        # The title itself, not what is in one.
        if TITLE.search((selector.split() or [""])[-1])
    }
    assert {selector: found for selector, found in own.items() if found} == {}
