"""The page that says what to read of the core names files that are there, and counts them right."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "core.md").read_text(encoding="utf-8")
ROOM_FOR_CHANGES = 0.08


def test_its_files_are_there_and_as_long_as_its_title_says() -> None:
    named = re.findall(r"^\| `([\w/]+\.py)`", PAGE, re.MULTILINE)
    assert len(named) == len(set(named)) and "thirty files" in PAGE and len(named) == 30
    lines = sum(
        len((ROOT / "yoto" / one).read_text(encoding="utf-8").splitlines()) for one in named
    )
    [said] = re.findall(r"^# Read these ([\d,]+) lines", PAGE)
    assert abs(lines / int(said.replace(",", "")) - 1) < ROOM_FOR_CHANGES, lines
