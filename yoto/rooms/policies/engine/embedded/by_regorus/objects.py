"""Objects in the place of patterns: regorus takes any object that has these fields.

OPA takes only an object with no other fields, so each pattern gets a check of its value's fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yoto.rooms.policies.engine.embedded.by_regorus.edits import AFTER, Edits, Part, span_of
from yoto.rooms.policies.portable.objects import holds_object, pairs_of
from yoto.rooms.policies.portable.syntax import nodes

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


def shaped(value: tuple[Part, ...], pattern: Any, source: str) -> tuple[Part, ...]:
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
