"""Bodies of rules: patterns, ``walk``, and sums of fractions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from yoto.rooms.policies.portable.objects import (
    assign_matches,
    binds,
    has_plain_keys,
    holds_object,
    is_unsure,
)
from yoto.rooms.policies.portable.syntax import NotPortable, name_of, nodes, path_of
from yoto.rooms.policies.rego.parser import Syntax

# The name of a form that a library reads as OPA does if it checks the fields of patterns.
OBJECTS = "objects in patterns"

_PATTERN = (
    "an object in the place of a pattern: regorus takes any object that has these fields, OPA one "
    'that has no other; read its fields (x := input.d, x.k == "a")'
)
_UNSURE = (
    "an object in the place of a pattern with a key that is computed, or beside an object with "
    'other keys: read its fields (x := input.d, x.k == "a")'
)
_LOOKED_UP = (
    "an object with variables in the place of a key: write some x in xs, and read the fields of x"
)
_TWICE = "a name stands twice: give each place a name and compare them"
_RESULT = (
    "an object in the place of a function's value: give the value a name (x := f(...)) and read "
    "its fields"
)
# Builtins whose value may hold an object, and how many arguments they have.
_OBJECTS_FROM: Mapping[str, Collection[int]] = {
    "array.concat": (2,),
    "array.reverse": (1,),
    "array.slice": (3,),
    "json.filter": (2,),
    "json.remove": (2,),
    "json.unmarshal": (1,),
    "max": (1,),
    "min": (1,),
    "object.filter": (2,),
    "object.get": (3,),
    "object.remove": (2,),
    "object.union": (2,),
    "object.union_n": (1,),
    "sort": (1,),
    "urlquery.decode_object": (1,),
    "uuid.parse": (1,),
    "walk": (1,),
    "yaml.unmarshal": (1,),
}
_WALK = (
    "walk gives nothing as a value in regorus: write walk(x, [path, value]) as a line of its own"
)
_FRACTION = (
    "regorus rounds this fraction, OPA computes with it exactly: count in whole units (10 of 100)"
)
_NO_SETS = frozenset(
    "Array Object ArrayCompr ObjectCompr Number String RawString Bool Null".split()
)
_KEY = "a key and a value in a set, which regorus never finds: write x[key] == value, or value in x"


def check_bodies(
    module: Syntax, exact: Collection[str], own: Mapping[str, Collection[int]]
) -> Iterator[NotPortable]:
    """The faults within rules.

    Args:
        own: how many arguments the functions of policies have, by the last part of their names.
    """
    lines: set[tuple[int, int]] = set()
    # A line comes before its parts.
    kinds = ("SomeIn", "Membership", "AssignExpr", "ArithExpr", "Expr", "Call", "RefBrack")
    for node in nodes(module["rules"], *kinds):
        for kind, one in node.items():
            if kind == "SomeIn":
                yield from _in_some(one, exact)
            elif kind == "Membership" and one["key"] and _may_be_set(one["collection"]):
                yield NotPortable(node, _KEY)
            elif kind == "AssignExpr":
                if OBJECTS not in exact and assign_matches(one):
                    yield NotPortable(node, _PATTERN)
                elif is_unsure(one):
                    yield NotPortable(node, _UNSURE)
            elif kind == "RefBrack":
                if binds(one["index"]):
                    yield NotPortable(one["index"], _LOOKED_UP)
            elif kind == "ArithExpr":
                sides = (one["lhs"], one["rhs"])
                yield from (NotPortable(side, _FRACTION) for side in sides if _is_rounded(side))
            elif kind == "Expr" and "Call" in one["expr"]:
                if len(one["expr"]["Call"]["params"]) == 2:
                    lines.add(_place(one["expr"]["Call"]))
            elif kind == "Call":
                if name_of(one["fcn"]) == "walk" and _place(one) not in lines:
                    yield NotPortable(node, _WALK)
                if _takes_apart(one, own):
                    yield NotPortable(one["params"][-1], _RESULT)


def _in_some(some: Syntax, exact: Collection[str]) -> Iterator[NotPortable]:
    names = [one["Var"]["value"] for one in nodes([some["key"], some["value"]], "Var")]
    if any(name not in ("_", "input", "data") and names.count(name) > 1 for name in names):
        yield NotPortable(some["value"], _TWICE)
    for pattern in (some["key"], some["value"]):
        if pattern is not None and holds_object(pattern):
            if OBJECTS not in exact:
                yield NotPortable(pattern, _PATTERN)
            elif not has_plain_keys(pattern):
                yield NotPortable(pattern, _UNSURE)


def _takes_apart(call: Syntax, own: Mapping[str, Collection[int]]) -> bool:
    """Whether a call matches its value with an object, which stands behind its arguments."""
    several = call["params"]
    if not several or not holds_object(several[-1]):
        return False
    name = name_of(call["fcn"])
    known = {*_OBJECTS_FROM.get(name, ()), *own.get(name.rpartition(".")[2], ())}
    return len(several) - 1 in known


def _place(call: Syntax) -> tuple[int, int]:
    return call["span"]["start"], call["span"]["end"]


def _may_be_set(node: Any) -> bool:
    """Whether a collection may be a set, as nothing in the input is."""
    if any(kind in node for kind in _NO_SETS):
        return False
    return path_of(node)[:1] != ("input",)


def _is_rounded(node: Any) -> bool:
    """Whether a number is a fraction that a double cannot hold, such as 0.1."""
    if "Number" not in node:
        return False
    value = node["Number"]["value"]
    return isinstance(value, float) and Decimal(str(value)) != Decimal(value)
