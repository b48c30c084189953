"""Column helpers that several tables use."""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy import Column, Enum, String


def string_enum(kind: type[enum.StrEnum]) -> Enum:
    """A column of the *values* of ``kind`` as text with a CHECK, the same on each database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=16,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def longest(column: Column[Any]) -> int:
    """The most characters that a text column takes."""
    if not isinstance(column.type, String) or column.type.length is None:
        raise TypeError(f"{column} is no text of bounded length")
    return column.type.length
