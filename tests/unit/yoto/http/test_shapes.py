"""Schemas follow from the annotations of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypedDict

import pytest

from yoto.http.paging import Page
from yoto.http.shapes import NAMES, Between, parts_of, schema_of
from yoto.moments import Epoch
from yoto.nodes import NodeId


@dataclass(frozen=True)
class Part:
    """A dataclass inside an answer."""

    size: float | None
    names: tuple[str, ...] = ()


class Whole(TypedDict):
    """What an operation answers."""

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
