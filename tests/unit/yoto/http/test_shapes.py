"""Schemas follow from the annotations of a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypedDict, Unpack

import marshmallow as ma
import pytest
from marshmallow.validate import Length

from yoto.http.paging import Page
from yoto.http.shapes import NAMES, REQUIRED, Between, field_of, parts_of, schema_of
from yoto.moments import Epoch
from yoto.nodes import NodeId


@dataclass(frozen=True)
class Part:
    """A dataclass inside an answer."""

    size: float | None
    names: tuple[str, ...] = ()


class Whole(TypedDict):
    """The answer of an operation."""

    at: Annotated[datetime, "When it was looked at"]
    state: Literal["on", "off"]
    parts: Sequence[Part]
    counts: Mapping[str, int]
    nearest: Part | None


def test_an_answer_is_written_by_its_annotations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, Part, "Piece")
    schema = schema_of(Whole)()
    at, part = datetime(2026, 1, 1, tzinfo=UTC), Part(None, ("a",))
    found = {"at": at, "state": "on", "parts": [part], "counts": {"a": 1}, "nearest": None}
    assert schema.dump(found) == {
        "at": "2026-01-01T00:00:00+00:00",
        "state": "on",
        "parts": [{"size": None, "names": ["a"]}],
        "counts": {"a": 1},
        "nearest": None,
    }
    fields = schema.fields
    assert fields["at"].metadata == {"description": "When it was looked at"}
    assert fields["nearest"].allow_none and not fields["state"].allow_none
    assert type(fields["nearest"].schema).__name__ == "PieceSchema"  # type: ignore[attr-defined]


def test_an_annotation_is_taken_apart() -> None:
    def function(one: Annotated[int | None, "words", Between(1, 2)]) -> None: ...

    found = parts_of(function)[0]
    assert (found.kind, found.optional, found.note(str)) == (int, True, "words")
    assert found.note(Between) == Between(1, 2) and found.choices is None


def test_what_may_be_of_several_kinds_is_the_id_of_a_node() -> None:
    class Held(TypedDict):
        by: Annotated[NodeId | None, "Who has it"]

    schema = schema_of(Held)()
    assert schema.dump({"by": 2**60}) == {"by": str(2**60)}
    assert schema.fields["by"].allow_none
    assert schema.fields["by"].metadata["description"] == "Who has it"


def test_pages_and_moments_have_their_fields() -> None:
    class One(TypedDict):
        at: Epoch
        name: str

    schema = schema_of(Page[One])
    assert type(schema).__name__ == "OnePage"
    assert schema.dump(Page([{"at": 0.5, "name": "a"}], 7)) == {
        "items": [{"at": "1970-01-01T00:00:00.500+00:00", "name": "a"}],
        "next": 7,
    }


class Filter(TypedDict):
    """Which things."""

    named: Annotated[str | None, Length(1, 3), "How it begins"]
    count: int


def test_fields_that_keywords_are_unpacked_to_are_parameters() -> None:
    def function(limit: int = 5, **which: Unpack[Filter]) -> Whole:
        raise AssertionError("nobody calls it")

    limit, named, count, result = parts_of(function)
    assert (limit.name, limit.default) == ("limit", 5)
    assert (named.name, named.default, named.note(str)) == ("named", None, "How it begins")
    assert (count.name, count.default) == ("count", REQUIRED)
    assert result.kind is Whole


def test_a_validator_among_the_notes_checks_what_is_taken() -> None:
    field = field_of(parts_of(Filter)[0])
    assert field.deserialize("abc") == "abc"
    with pytest.raises(ma.ValidationError):
        field.deserialize("abcd")


def test_a_class_may_have_a_schema_that_was_written_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Written(ma.Schema):
        """Its schema."""

    class Thing:
        """A class without annotations."""

    monkeypatch.setitem(NAMES, Thing, Written)
    assert schema_of(Thing) is Written
    assert schema_of(Iterator[Thing]).many and isinstance(schema_of(Iterator[Thing]), Written)
