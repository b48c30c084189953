"""The pages of the core and of the rooms name what is there, and count its lines right."""

from __future__ import annotations

import re
from pathlib import Path

from yoto.parts.rooms import ROOMS

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


def test_the_map_of_rooms_has_all_of_them_with_their_lines() -> None:
    page = (ROOT / "docs" / "rooms.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d,]+) \| \[", page, re.MULTILINE)
    assert [name for name, _ in rows] == sorted(ROOMS)
    for name, said in rows:
        files = (ROOT / "yoto" / "rooms" / name).rglob("*.py")
        lines = sum(len(one.read_text(encoding="utf-8").splitlines()) for one in files)
        assert abs(lines - int(said.replace(",", ""))) <= max(100, lines * ROOM_FOR_CHANGES), name
