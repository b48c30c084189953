"""Expressions over three permissions, each with its value as Python has it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

Value = Callable[[bool, bool, bool], bool]

# None of them is true where nothing is held, since no list takes such a one.
SHAPES: dict[str, Value] = {
    "{0} AND {1}": lambda a, b, c: a and b,
    "{0} AND NOT {1}": lambda a, b, c: a and not b,
    "({0} OR {1}) AND NOT {2}": lambda a, b, c: (a or b) and not c,
    "{0} OR {1} AND NOT {2}": lambda a, b, c: a or (b and not c),
    "{0} AND NOT ({1} AND {2})": lambda a, b, c: a and not (b and c),
    "{0} AND (NOT {1} OR {2})": lambda a, b, c: a and (not b or c),
    "{0} AND NOT {1} OR {1} AND NOT {0}": lambda a, b, c: a != b,
}


def is_true(shape: str, names: Sequence[str], held: Collection[str]) -> bool:
    """The value of a shape of three permissions for somebody who holds these."""
    a, b, c = (name in held for name in names)
    return SHAPES[shape](a, b, c)
