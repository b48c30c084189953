"""Inputs made from a set's own conditions: a trial reaches rules with them that no record does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yoto.rooms.policies.portable.syntax import nodes, path_of, rules_of, text_of
from yoto.rooms.policies.rego.parser import Syntax

# The most inputs of one set.
MOST = 300

_SIDES = (("lhs", "rhs"), ("rhs", "lhs"))
# The step from a bound to a number for which the comparison holds, ours being on the left.
_BESIDE = {"Gt": 1, "Lt": -1, "Ne": 1}


def inputs_for(modules: Mapping[str, Syntax], recorded: Sequence[str]) -> list[str]:
    """One input for each rule that compares parts of the input with literals; all hold in it.

    Args:
        modules: the syntax tree of each module.
        recorded: JSON texts; the first is the base of the others, as far as it goes.
    """
    base = json.loads(recorded[0]) if recorded else {}
    found: dict[str, None] = {}
    for module in modules.values():
        for rule, _, _, _ in rules_of(module):
            wanted = dict(_wanted(rule))
            if wanted and len(found) < MOST:
                document = json.loads(json.dumps(base))
                for path, value in wanted.items():
                    _put(document, path, value)
                found[json.dumps(document)] = None
    return list(found)


def _wanted(rule: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for kind in ("BoolExpr", "AssignExpr"):
        # Values that only have to differ come first, so that required values replace them.
        for node in sorted(nodes(rule, kind), key=lambda one: one[kind]["op"] != "Ne"):
            sides = node[kind]
            for ours, theirs in _SIDES:
                path, literal = _input_path(sides[ours]), _literal(sides[theirs])
                if path is not None and literal is not None:
                    yield path, _beside(literal, sides["op"], ours == "lhs")
    for node in nodes(rule, "Membership"):
        path = _input_path(node["Membership"]["value"])
        member = next(nodes(node["Membership"]["collection"], "String", "Number"), None)
        if path is not None and member is not None:
            yield path, _literal(member)


def _beside(literal: Any, operator: str, on_the_left: bool) -> Any:
    if isinstance(literal, (int, float)) and not isinstance(literal, bool):
        step = _BESIDE.get(operator, 0)
        return literal + (step if on_the_left else -step)
    return f"not {literal}" if operator == "Ne" else literal


def _input_path(node: Syntax) -> tuple[str, ...] | None:
    path = path_of(node)
    if len(path) < 2 or path[0] != "input":
        return None
    constant = [part for part in path[1:] if part is not None]
    return tuple(constant) if len(constant) == len(path) - 1 else None


def _literal(node: Syntax) -> Any:
    text = text_of(node)
    if text is not None:
        return text
    for kind in ("Number", "Bool"):
        if kind in node:
            return node[kind]["value"]
    return None


def _put(document: Any, path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        if not isinstance(document.get(part), dict):
            document[part] = {}
        document = document[part]
    document[path[-1]] = value
