"""Each page of the control plane is walked by a browser in each run."""

from __future__ import annotations

import re
from pathlib import Path

from yoto.control_plane.navigation import details_of, pages_of
from yoto.parts.rooms import ALL, chosen

JOURNEYS = Path(__file__).parents[1] / "e2e" / "control"
PALETTE = "palette"  # the search, which every page has


def test_each_page_has_one_journey() -> None:
    marks = [
        mark
        for file in JOURNEYS.glob("test_*.py")
        for mark in re.findall(r"mark\.journey\((.*?)\)", file.read_text())
    ]
    walked = [page for mark in marks for page in re.findall(r'"(\w+)"', mark)]
    pages = (*pages_of(chosen(ALL)), *details_of(chosen(ALL)))
    assert sorted(walked) == sorted([PALETTE, *(page.key for page in pages)])
