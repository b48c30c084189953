"""Cursor pages: a list that may grow is read in slices, each with one bounded statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import marshmallow as ma
from marshmallow.validate import Range

from yoto.nodes import MAX_ID

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PAGE_DEFAULT = 50  # items
PAGE_MAX = 100  # items; a page stays small enough for one quick answer


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """One slice. ``next`` is the cursor of the slice after it, None at the end."""

    items: Sequence[T_co]
    next: Any


class PageQuery(ma.Schema):
    """The query of a page: at most ``limit`` items, behind the cursor ``after``."""

    after = ma.fields.Integer(
        load_default=None,
        validate=Range(0, MAX_ID),
        metadata={"description": "The `next` of the page before"},
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))


def cut(rows: Sequence[T], limit: int, cursor_of: Callable[[T], int]) -> Page[T]:
    """Make a page of at most ``limit`` items from rows that were read with ``limit + 1``."""
    items = rows[:limit]
    return Page(items, cursor_of(items[-1]) if len(rows) > limit else None)


@cache
def page_of(
    item: type[ma.Schema], cursor: type[ma.fields.Field[Any]] = ma.fields.Integer
) -> ma.Schema:
    """The schema of a page of ``item``."""
    fields: dict[str, Any] = {
        "items": ma.fields.List(ma.fields.Nested(item), required=True),
        "next": cursor(required=True, allow_none=True),
    }
    name = item.__name__.removesuffix("Schema")
    return ma.Schema.from_dict(fields, name=f"{name}Page")()
