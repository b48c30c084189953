"""The form that text, numbers and times from outside must have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.http.fields import Flag, Instant, Name, NodeId, RowId, Text, Whole
from yoto.nodes import MAX_ID


def refuses(field: ma.fields.Field[Any], value: Any) -> bool:
    try:
        field.deserialize(value)
    except ma.ValidationError:
        return True
    return False


@pytest.mark.parametrize("value", ["Harbour", "  Harbour ", "Hafen é 港 👋", "x" * 20])
def test_a_name_is_trimmed_text_of_one_line(value: str) -> None:
    assert Name(20).deserialize(value) == value.strip()


@pytest.mark.parametrize(
    "value", ["", "   ", "x" * 21, "a\nb", "a\tb", "a\x00b", "a\x7fb", "a\ud800b", 7, None, ["a"]]
)
def test_a_name_is_nothing_else(value: Any) -> None:
    assert refuses(Name(20), value)


def test_text_of_several_lines_keeps_lines_and_tabs_and_nothing_worse() -> None:
    field = Text(20, lines=True)
    assert field.deserialize("a\r\n\tb\n") == "a\n\tb"
    assert refuses(field, "a\x0bb")
    assert refuses(field, "a\rb")


@given(st.text(max_size=30))
def test_accepted_text_can_be_stored_and_is_within_its_bounds(value: str) -> None:
    try:
        accepted = Text(20, min_length=2, lines=True).deserialize(value)
    except ma.ValidationError:
        return
    assert 2 <= len(accepted) <= 20
    assert accepted == accepted.strip()
    assert accepted.encode()
    assert not {"\x00", "\x1b", "\r"} & set(accepted)


@pytest.mark.parametrize("value", [0, 6, 1.0, "3", True, None, 10**30, [3]])
def test_a_whole_number_is_an_integer_within_its_bounds(value: Any) -> None:
    assert Whole(1, 5).deserialize(5) == 5
    assert refuses(Whole(1, 5), value)


def test_the_id_of_a_row_fits_its_column() -> None:
    assert RowId().deserialize(MAX_ID) == 2**63 - 1
    assert refuses(RowId(), MAX_ID + 1)
    assert refuses(RowId(), 0)


@pytest.mark.parametrize(
    ("value", "sent"), [(7, 7), (2**53 - 1, 2**53 - 1), (2**53 + 1, "9007199254740993"), ("a", "a")]
)
def test_an_id_that_javascript_would_round_leaves_as_a_text(value: Any, sent: Any) -> None:
    assert NodeId().serialize("id", {"id": value}) == sent
    assert NodeId().deserialize(sent) == sent


@pytest.mark.parametrize("value", [0, 1, "true", "yes", None, []])
def test_a_flag_is_true_or_false_and_nothing_like_it(value: Any) -> None:
    assert Flag().deserialize(True) is True
    assert Flag().deserialize(False) is False
    assert refuses(Flag(), value)


def test_a_moment_comes_with_a_zone_and_leaves_in_utc() -> None:
    field = Instant()
    moment = field.deserialize("2030-01-01T01:00:00+02:00")
    assert moment == datetime(2029, 12, 31, 23, tzinfo=UTC)
    assert moment.tzinfo is UTC
    assert field.serialize("at", {"at": moment}) == "2029-12-31T23:00:00+00:00"


@pytest.mark.parametrize(
    "value",
    [
        "2030-01-01T00:00:00",
        "2030-01-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "soon",
        1893456000,
        None,
    ],
)
def test_a_moment_without_a_zone_or_out_of_range_is_refused(value: Any) -> None:
    assert refuses(Instant(), value)
