"""Changes to a source, each at a place; a later one may contain parts that others changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# A text, or the start and end of a part of the source.
Part = str | tuple[int, int]

# The order of several insertions at one place.
OPENS, INSIDE, AFTER, CLOSES = range(4)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    order: int
    parts: tuple[Part, ...]

    @property
    def of_body(self) -> bool:
        """Whether it belongs to the body of a rule, no part of which another edit contains."""
        return self.start == self.end and self.order in (OPENS, CLOSES)


@dataclass(slots=True)
class Edits:
    """Changes to one source."""

    source: str
    _found: list[_Edit] = field(default_factory=list)
    _names: int = 0

    def name(self) -> str:
        """A variable that no rule has."""
        self._names += 1
        return f"yoto_moved_{self._names}"

    def replace(self, node: Any, *parts: Part) -> None:
        """Write ``parts`` for a node, whose own text may be among them."""
        start, end = span_of(node)
        self._found.append(_Edit(start, end, INSIDE, parts))

    def replace_text(self, start: int, end: int, text: str) -> None:
        """Write a text for another one."""
        self._found.append(_Edit(start, end, INSIDE, (text,)))

    def insert(self, at: int, *parts: Part, order: int = INSIDE) -> None:
        """Write ``parts`` at a place."""
        self._found.append(_Edit(at, at, order, parts))

    def written(self) -> str:
        """The changed source."""
        return self._text(0, len(self.source), whole=True) if self._found else self.source

    def _text(self, start: int, end: int, whole: bool = False) -> str:
        found: list[str] = []
        at = start
        for edit in sorted(
            self._found, key=lambda one: (one.start, one.end > one.start, -one.end, one.order)
        ):
            inside = start <= edit.start and edit.end <= end and edit.start >= at
            if not inside or (
                not whole and (edit.of_body or (edit.start, edit.end) == (start, end))
            ):
                continue
            found.append(self.source[at : edit.start])
            found += (one if isinstance(one, str) else self._text(*one) for one in edit.parts)
            at = edit.end
        return "".join(found) + self.source[at:end]


def span_of(node: Any) -> tuple[int, int]:
    """Start and end of a node, ``{kind: what it holds}``, in the source."""
    (held,) = node.values()
    return held["span"]["start"], held["span"]["end"]
