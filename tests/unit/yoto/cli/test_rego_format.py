"""The layout of Rego files."""

from __future__ import annotations

import pytest

from yoto.rooms.policies.commands.trying import problems_of


@pytest.mark.parametrize(
    ("raw", "line", "what"),
    [
        (b"", 1, "is empty"),
        (b"package a", 1, "does not end with a newline"),
        (b"package a\n\n", 2, "is a blank line at the end"),
        (b"package a\n\n\nx := 1\n", 3, "is a second blank line"),
        (b"package a\nx := {\n  1,\n}\n", 3, "is indented with blanks; use tabs"),
        (b"package a \n", 1, "ends with blanks"),
        (b"package a\r\n", 1, "ends with a carriage return"),
        (b'package a\nx := "\xff"\n', 2, "is not UTF-8"),
        (b'package a\nx := "`"\n y := 1\n', 3, "is indented with blanks; use tabs"),
        (b"package a # `\n y := 1\n", 2, "is indented with blanks; use tabs"),
    ],
)
def test_a_problem_is_told_with_its_line(raw: bytes, line: int, what: str) -> None:
    assert problems_of(raw) == [(line, what)]


@pytest.mark.parametrize(
    "raw",
    [
        b"package a\n",
        b"package a\n\nallow if {\n\tinput.x\n}\n",
        b"package a\n\nx := `\n  blanks that are content \n\n\n`\n",
    ],
)
def test_a_file_that_is_laid_out_well_has_none(raw: bytes) -> None:
    assert problems_of(raw) == []
