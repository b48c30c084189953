from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.cache import ORIGIN, Position
from yoto.cache.position import MAX_MS, MAX_SEQUENCE
from yoto.errors import ValidationFailed

ids = st.tuples(st.integers(0, MAX_MS), st.integers(0, MAX_SEQUENCE))


@given(ids)
def test_a_position_prints_as_the_id_and_is_parsed_from_it(parts: tuple[int, int]) -> None:
    position = Position.of(*parts)
    assert (position.ms, position.sequence) == parts
    assert str(position) == f"{parts[0]}-{parts[1]}"
    assert Position.parse(str(position)) == position


@given(ids, ids)
def test_positions_are_ordered_as_the_ids_of_the_log(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    assert (Position.of(*one) < Position.of(*other)) == (one < other)


@pytest.mark.parametrize("parts", [(-1, 0), (0, -1), (MAX_MS + 1, 0), (0, MAX_SEQUENCE + 1)])
def test_a_sequence_that_would_run_into_the_ms_is_refused(parts: tuple[int, int]) -> None:
    with pytest.raises(OverflowError):
        Position.of(*parts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1",
        "1-",
        "-1",
        "1-2-3",
        "01-2",
        "1-02",
        "1 -2",
        "1-2\n",
        "+1-2",
        "1_0-2",
        "١-2",
        "1-16777216",
        "281474976710656-0",
        "9" * 400 + "-0",
        "x-y",
    ],
)
def test_malformed_text_is_refused_with_the_field_it_came_in(text: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        Position.parse(text, "at_least")
    assert list(failed.value.errors) == ["at_least"]


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValidationFailed):
        Position.parse(7)  # type: ignore[arg-type]


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        position = Position.parse(text)
    except ValidationFailed:
        return
    assert str(position) == text


def test_every_entry_comes_after_the_origin() -> None:
    assert ORIGIN < Position.of(0, 1)
    assert str(ORIGIN) == "0-0"
    assert repr(Position.of(5, 6)) == "Position('5-6')"
