"""CSV: any table comes back as it was, and nothing in it computes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.http.files import FORMULA_STARTS, csv_lines

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.lists(st.tuples(CELLS, st.integers() | st.none())))
def test_a_table_comes_back_but_for_the_marks(rows: list[tuple[str, int | None]]) -> None:
    head, *found = read("".join(csv_lines(("name", "number"), rows)))
    assert head == ["name", "number"]
    assert [line[0].removeprefix("'") for line in found] == [
        name.removeprefix("'") for name, _ in rows
    ]
    assert [line[1] for line in found] == ["" if n is None else str(n) for _, n in rows]
    assert not any(line[0].startswith(FORMULA_STARTS) for line in found)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "=cmd|'/c calc'!A0"])
def test_what_would_be_a_formula_is_text(text: str) -> None:
    assert read("".join(csv_lines(("name",), [(text,)])))[1] == ["'" + text]


def test_lines_come_one_by_one() -> None:
    taken = []

    def rows() -> object:
        for number in range(3):
            taken.append(number)
            yield (number,)

    lines = csv_lines(("n",), rows())  # type: ignore[arg-type]
    assert next(lines) == "n\r\n" and taken == []
    assert next(lines) == "0\r\n" and taken == [0]
