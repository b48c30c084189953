"""Bodies of rules: patterns, ``walk``, and sums of fractions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from yoto.policy.portable.syntax import NotPortable, name_of, nodes, path_of
from yoto.policy.rego import Syntax

_PATTERN = (
    "an object in the place of a pattern: regorus takes any object that has these fields, OPA one "
    'that has no other; read its fields (x := input.d, x.k == "a")'
)
_WALK = (
    "walk gives nothing as a value in regorus: write walk(x, [path, value]) as a line of its own"
)
_FRACTION = (
    "regorus rounds this fraction, OPA computes with it exactly: count in whole units (10 of 100)"
)
_KEY = "a key and a value in a set, which regorus never finds: write x[key] == value, or value in x"


def check_bodies(module: Syntax) -> Iterator[NotPortable]:
    """The faults within rules."""
    lines: set[tuple[int, int]] = set()
    # A line comes before what it holds.
    kinds = ("SomeIn", "Membership", "AssignExpr", "ArithExpr", "Expr", "Call")
    for node in nodes(module["rules"], *kinds):
        for kind, one in node.items():
            if kind == "SomeIn":
                objects = nodes([one["key"], one["value"]], "Object")
                yield from (NotPortable(pattern, _PATTERN) for pattern in objects)
            elif kind == "Membership" and one["key"] and _may_be_set(one["collection"]):
                yield NotPortable(node, _KEY)
            elif kind == "AssignExpr":
                yield from (NotPortable(pattern, _PATTERN) for pattern in _matched(one))
            elif kind == "ArithExpr":
                sides = (one["lhs"], one["rhs"])
                yield from (NotPortable(side, _FRACTION) for side in sides if _is_rounded(side))
            elif kind == "Expr" and "Call" in one["expr"]:
                if len(one["expr"]["Call"]["params"]) == 2:
                    lines.add(_place(one["expr"]["Call"]))
            elif kind == "Call" and name_of(one["fcn"]) == "walk" and _place(one) not in lines:
                yield NotPortable(node, _WALK)


def _matched(assign: Syntax) -> Iterator[Syntax]:
    """The objects that an assignment takes apart."""
    if assign["op"] == "ColEq":
        yield from _objects(assign["lhs"])
        return
    for one in (*_objects(assign["lhs"]), *_objects(assign["rhs"])):
        if any(True for _ in nodes(one, "Var")):
            yield one


def _objects(pattern: Any) -> Iterator[Syntax]:
    """The objects of a pattern, which has arrays around them at most."""
    if "Object" in pattern:
        yield pattern
    elif "Array" in pattern:
        for item in pattern["Array"]["items"]:
            yield from _objects(item)


def _place(call: Syntax) -> tuple[int, int]:
    return call["span"]["start"], call["span"]["end"]


def _may_be_set(node: Any) -> bool:
    """Whether a collection may be a set, as nothing in the input is."""
    if any(kind in node for kind in ("Array", "Object", "ArrayCompr", "ObjectCompr")):
        return False
    return path_of(node)[:1] != ("input",)


def _is_rounded(node: Any) -> bool:
    """Whether a number is a fraction that a double cannot hold, such as 0.1."""
    if "Number" not in node:
        return False
    value = node["Number"]["value"]
    return isinstance(value, float) and Decimal(str(value)) != Decimal(value)
