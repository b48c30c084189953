"""Reads a module's syntax tree: a node is a mapping of one key, its kind, to its contents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from yoto.rooms.policies.rego.parser import Syntax


@dataclass(frozen=True, slots=True)
class NotPortable:
    """A form that the engines read differently; ``node`` is where it stands."""

    node: Syntax
    reason: str

    @property
    def place(self) -> str:
        """Line and column, from 1."""
        return place_of(self.node)


def place_of(node: Any) -> str:
    """The start of a node: line and column, from 1."""
    span = _first_span(node)
    return f"line {span['line']}, column {span['col']}"


def nodes(tree: Any, *kinds: str) -> Iterator[Syntax]:
    """All nodes of these kinds at or below ``tree``, each as ``{kind: what it holds}``."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            below = []
            for key, value in one.items():
                if key in kinds:
                    yield {key: value}
                # Places are most of a tree, and hold no nodes.
                if key != "span" and (type(value) is dict or type(value) is list):
                    below.append(value)
            waiting.extend(reversed(below))
        elif type(one) is list:
            waiting.extend(reversed(one))


def text_of(node: Any) -> str | None:
    """The text of a literal; None for anything else."""
    for kind in ("String", "RawString"):
        if isinstance(node, dict) and kind in node:
            return str(node[kind]["value"])
    return None


def path_of(node: Syntax) -> tuple[str | None, ...]:
    """The parts of a reference; None for a part that is not constant; ``()`` without a name."""
    if "Var" in node:
        return (str(node["Var"]["value"]),)
    if "RefDot" in node:
        before = path_of(node["RefDot"]["refr"])
        return (*before, str(node["RefDot"]["field"][1])) if before else ()
    if "RefBrack" in node:
        before = path_of(node["RefBrack"]["refr"])
        return (*before, text_of(node["RefBrack"]["index"])) if before else ()
    return ()


def constant_part(path: tuple[str | None, ...]) -> tuple[str, ...]:
    """A path up to its first part that is not constant."""
    return tuple(str(part) for part in takewhile(lambda part: part is not None, path))


def name_of(node: Syntax) -> str:
    """A constant reference as it is written, with dots; empty for another node."""
    path = path_of(node)
    return "" if None in path else ".".join(str(part) for part in path)


def rules_of(module: Syntax) -> Iterator[tuple[Syntax, str, Syntax, Syntax]]:
    """Each rule: it, the kind of its head, the head, and the reference that it defines."""
    for rule in module["rules"]:
        if "Default" in rule:
            yield rule, "Default", rule["Default"], rule["Default"]["refr"]
        else:
            for kind, head in rule["Spec"]["head"].items():
                yield rule, kind, head, head["refr"]


def references(tree: Any) -> Iterator[tuple[tuple[str | None, ...], bool]]:
    """Each reference as a whole, from its root, and whether it is a function that is called."""
    waiting: list[tuple[Any, bool]] = [(tree, False)]
    while waiting:
        node, called = waiting.pop()
        if type(node) is list:
            waiting += ((one, False) for one in node)
        elif type(node) is dict:
            for kind, inside in node.items():
                if kind in ("Var", "RefDot", "RefBrack"):
                    path, others = _unrolled({kind: inside})
                    waiting += ((one, False) for one in others)
                    if path:
                        yield path, called
                elif kind == "Call":
                    waiting.append((inside["fcn"], True))
                    waiting.append((inside["params"], False))
                elif kind != "span":
                    waiting.append((inside, False))


def _unrolled(node: Any) -> tuple[tuple[str | None, ...], list[Any]]:
    """The path of a reference, empty from no name, and the expressions inside it."""
    parts: list[str | None] = []
    others: list[Any] = []
    while "Var" not in node:
        if "RefDot" in node:
            parts.append(str(node["RefDot"]["field"][1]))
            node = node["RefDot"]["refr"]
        elif "RefBrack" in node:
            index = node["RefBrack"]["index"]
            text = text_of(index)
            parts.append(text)
            if text is None:
                others.append(index)
            node = node["RefBrack"]["refr"]
        else:
            return (), [*others, node]
    return (str(node["Var"]["value"]), *reversed(parts)), others


def package_of(module: Syntax) -> tuple[str | None, ...]:
    """The parts of the package's name."""
    return path_of(module["package"]["refr"])


def imports_of(module: Syntax) -> dict[str, tuple[str, ...]]:
    """The names that a module imports, and their paths; those of the language are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for one in module["imports"]:
        path = path_of(one["refr"])
        if path and path[0] in ("data", "input"):
            found[str(path[-1])] = constant_part(path)
    return found


def _first_span(node: Any) -> Mapping[str, int]:
    """The start of a node: a call's span is at the bracket, an operator's at the sign."""
    spans = list(_spans(node))
    return min(spans, key=lambda span: (span["line"], span["col"]))


def _spans(tree: Any) -> Iterator[Mapping[str, int]]:
    if isinstance(tree, dict):
        if "line" in tree and "col" in tree:
            yield tree
        for value in tree.values():
            yield from _spans(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _spans(value)
