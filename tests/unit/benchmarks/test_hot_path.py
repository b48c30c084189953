"""The code that counts as the path of a call."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.check.hot_path import HotPath, traced

HERE = Path(__file__)


def inner(number: int) -> int:
    """Two lines of code."""
    # A comment is none.
    doubled = number * 2

    return doubled


def outer() -> str:
    return json.dumps(
        [inner(1), inner(2)],
    )


def test_the_lines_of_entered_functions_count_once_however_often_they_run() -> None:
    assert traced(outer, HERE) == HotPath(files=1, functions=2, lines=4)


def test_what_is_elsewhere_does_not_count() -> None:
    assert traced(outer, HERE.parent / "nowhere") == HotPath(0, 0, 0)


def test_the_path_is_shown_with_where_it_leads() -> None:
    assert str(HotPath(2, 3, 40)) == "40 lines in 3 functions of 2 files"
