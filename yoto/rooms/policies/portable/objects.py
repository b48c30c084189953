"""Objects in the place of patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yoto.rooms.policies.portable.syntax import nodes, path_of
from yoto.rooms.policies.rego.parser import Syntax

# Keys of a pattern whose text can be repeated.
_LITERALS = ("String", "RawString", "Number", "Bool", "Null")


def holds_object(pattern: Any) -> bool:
    """Whether a pattern is an object, or has one inside its arrays."""
    items = pattern["Array"]["items"] if "Array" in pattern else ()
    return "Object" in pattern or any(holds_object(one) for one in items)


def pairs_of(assign: Syntax) -> Iterator[tuple[Any, Any]]:
    """Each pattern with objects and variables in an assignment, with the value that it matches."""
    yield from _pairs(assign["lhs"], assign["rhs"], assign["op"] != "ColEq")


def is_unsure(assign: Syntax) -> bool:
    """Whether an assignment has a pattern whose fields cannot be compared with the value's."""
    if not assign_matches(assign):
        return False
    sides = (assign["lhs"], assign["rhs"]) if assign["op"] != "ColEq" else (assign["lhs"],)
    return any(not has_plain_keys(one) for one in sides) or not _alike(assign["lhs"], assign["rhs"])


def assign_matches(assign: Syntax) -> bool:
    """Whether an assignment takes an object apart, or compares one by its variables."""
    return any(True for _ in pairs_of(assign)) or (
        holds_object(assign["lhs"]) and holds_object(assign["rhs"])
    )


def has_plain_keys(pattern: Any) -> bool:
    """Whether the objects of a pattern have literals, names and paths as keys."""
    if "Array" in pattern:
        return all(has_plain_keys(one) for one in pattern["Array"]["items"])
    if "Object" not in pattern:
        return True
    return all(
        _key(key) is not None and has_plain_keys(value) for _, key, value in _fields(pattern)
    )


def binds(pattern: Any) -> bool:
    """Whether a pattern holds an object, and a variable that may get its value there."""
    return holds_object(pattern) and _holds_variable(pattern)


def _holds_variable(pattern: Any) -> bool:
    if "Array" in pattern:
        return any(_holds_variable(one) for one in pattern["Array"]["items"])
    if "Object" in pattern:
        return any(_holds_variable(value) for _, _, value in _fields(pattern))
    return "Var" in pattern


def _pairs(one: Any, other: Any, both: bool) -> Iterator[tuple[Any, Any]]:
    if "Object" in one and "Object" in other:
        values = {_key(key): value for _, key, value in _fields(other)}
        for _, key, value in _fields(one):
            if _key(key) in values:
                yield from _pairs(value, values[_key(key)], both)
    elif "Array" in one and "Array" in other:
        for mine, theirs in zip(one["Array"]["items"], other["Array"]["items"], strict=False):
            yield from _pairs(mine, theirs, both)
    else:
        for pattern, value in ((one, other), (other, one))[: 1 + both]:
            if holds_object(pattern) and any(True for _ in nodes(pattern, "Var")):
                yield pattern, value


def _alike(one: Any, other: Any) -> bool:
    """Whether two objects that are written out have the same keys wherever they meet."""
    if "Array" in one and "Array" in other:
        both = zip(one["Array"]["items"], other["Array"]["items"], strict=False)
        return all(_alike(mine, theirs) for mine, theirs in both)
    if not ("Object" in one and "Object" in other):
        return True
    mine = {_key(key): value for _, key, value in _fields(one)}
    theirs = {_key(key): value for _, key, value in _fields(other)}
    same = mine.keys() == theirs.keys() and None not in mine
    return same and all(_alike(value, theirs[key]) for key, value in mine.items())


def _fields(pattern: Any) -> Any:
    return pattern["Object"]["fields"]


def _key(node: Any) -> tuple[str, object] | None:
    ((kind, held),) = node.items()
    if kind in _LITERALS:
        return kind, held["value"]
    path = path_of(node)
    return None if not path or None in path or path == ("_",) else ("path", path)
