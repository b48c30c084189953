"""Objects in the place of patterns: regorus takes any object that has these fields.

OPA takes only an object with no other fields, so each pattern gets a check of its value's fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yoto.rooms.policies.portable.objects import holds_object, pairs_of
from yoto.rooms.policies.portable.syntax import nodes

# A text, or the start and end of a part of the source.
Piece = str | tuple[int, int]

# The order of several insertions at one place.
OPENS, INSIDE, AFTER, CLOSES = range(4)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    order: int
    parts: tuple[Piece, ...]

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

    def replace(self, node: Any, *parts: Piece) -> None:
        """Write ``parts`` for a node, whose own text may be among them."""
        start, end = span_of(node)
        self._found.append(_Edit(start, end, INSIDE, parts))

    def replace_text(self, start: int, end: int, text: str) -> None:
        """Write a text for another one."""
        self._found.append(_Edit(start, end, INSIDE, (text,)))

    def insert(self, at: int, *parts: Piece, order: int = INSIDE) -> None:
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


# The package of ``functions.rego``.
PACKAGE = "yoto_regorus"


def rewrite_statement(statement: Any, edits: Edits) -> None:
    """Write one statement of a body."""
    literal = statement["literal"]
    if "SomeIn" in literal:
        _some(literal["SomeIn"], edits)
    for kind in ("Expr", "NotExpr"):
        if kind in literal and "AssignExpr" in literal[kind]["expr"]:
            _assign(literal[kind]["expr"]["AssignExpr"], statement, kind == "NotExpr", edits)


def shaped(value: tuple[Piece, ...], pattern: Any, source: str) -> tuple[Piece, ...]:
    """A call that gives ``value`` where its objects have only the fields of a pattern's objects."""
    return (f"data.{PACKAGE}.shaped(", *value, f", {_shapes(pattern, source)})")


def _some(some: Any, edits: Edits) -> None:
    key, value = some["key"], some["value"]
    if holds_object(value) or (key is not None and holds_object(key)):
        start, end = span_of(some["collection"])
        of_keys = "[]" if key is None else _shapes(key, edits.source)
        edits.insert(start, f"data.{PACKAGE}.having(")
        edits.insert(end, f", {of_keys}, {_shapes(value, edits.source)})")


def _assign(assign: Any, statement: Any, negated: bool, edits: Edits) -> None:
    for pattern, value in pairs_of(assign):
        name = value.get("Var", {}).get("value")
        if name is None or negated or assign["op"] == "ColEq":
            start, end = span_of(value)
            edits.insert(start, f"data.{PACKAGE}.shaped(")
            edits.insert(end, f", {_shapes(pattern, edits.source)})")
        elif name != "_":
            # The name may get its value here.
            check = shaped((name,), pattern, edits.source)
            edits.insert(statement["span"]["end"], "; ", *check, order=AFTER)


def _shapes(pattern: Any, source: str) -> str:
    return f"[{', '.join(_each(pattern, (), source))}]"


def _each(pattern: Any, path: tuple[str, ...], source: str) -> Iterator[str]:
    if "Object" in pattern:
        keys = [
            (source[slice(*span_of(key))], value) for _, key, value in pattern["Object"]["fields"]
        ]
        names = "{" + ", ".join(key for key, _ in keys) + "}" if keys else "set()"
        yield f"[[{', '.join(path)}], {names}]"
        for key, value in keys:
            yield from _each(value, (*path, key), source)
    elif "Array" in pattern:
        for index, value in enumerate(pattern["Array"]["items"]):
            yield from _each(value, (*path, str(index)), source)


def statements_of(tree: Any) -> Iterator[Any]:
    """All statements of bodies, those of comprehensions too."""
    for query in nodes(tree, "stmts"):
        yield from query["stmts"]
