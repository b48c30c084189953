"""Rewrites a module for regopy: see ``subset`` for the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from yoto.rooms.policies.engine.embedded.by_regopy.functions import (
    FUNCTIONS,
    PACKAGE,
    called_instead,
)
from yoto.rooms.policies.engine.embedded.by_regopy.values import encoded_text
from yoto.rooms.policies.portable.syntax import name_of, package_of, rules_of, text_of
from yoto.rooms.policies.rego import Syntax, syntax_of

# Start and end in the source, and the text to stand there instead.
_Edit = tuple[int, int, str]

_BACKSLASHED = re.compile(r"\\(.)")
_ORDER = {"Lt": "lt", "Le": "le", "Gt": "gt", "Ge": "ge"}


def written(modules: Mapping[str, str]) -> dict[str, str]:
    """Modules, in which lines stay where they are.

    Raises:
        PolicyError: one is no Rego.
    """
    trees = syntax_of(modules)
    own = {
        (*package_of(tree), name_of(reference))
        for tree in trees.values()
        for _, _, _, reference in rules_of(tree)
    }
    return {
        name: _Writer(source, trees[name], own).region(0, len(source), trees[name]["rules"])
        for name, source in modules.items()
    }


class _Writer:
    """Writes one module."""

    def __init__(self, source: str, tree: Syntax, own: set[tuple[str | None, ...]]) -> None:
        self._source = source
        self._package = package_of(tree)
        self._own = own

    def region(self, start: int, end: int, tree: Any) -> str:
        """A part of the source, in which ``tree`` stands."""
        parts: list[str] = []
        done = start
        for first, last, text in sorted(self._edits(tree)):
            parts += (self._source[done:first], text)
            done = last
        return "".join((*parts, self._source[done:end]))

    def _edits(self, tree: Any) -> Iterator[_Edit]:
        if isinstance(tree, list):
            for one in tree:
                yield from self._edits(one)
        elif isinstance(tree, dict):
            for kind, inside in tree.items():
                if kind in ("String", "RawString"):
                    span = inside["span"]
                    yield span["start"], span["end"], f'"{encoded_text(inside["value"])}"'
                elif kind == "Number" and type(inside["value"]) is int:
                    # A number that is written 1.0 is no index there.
                    yield inside["span"]["start"], inside["span"]["end"], str(inside["value"])
                elif kind == "BoolExpr" and inside["op"] in _ORDER:
                    yield self._order(inside)
                elif kind == "Call":
                    yield from self._call(inside)
                elif kind == "bodies":
                    for body in inside:
                        yield from self._edits(body["assign"])
                        yield from self._body(body["query"])
                elif kind != "span":
                    yield from self._edits(inside)

    def _order(self, node: Any) -> _Edit:
        span = node["span"]
        sign = 2 if node["op"] in ("Le", "Ge") else 1
        left = self.region(span["start"], span["operator"], node["lhs"])
        right = self.region(span["operator"] + sign, span["end"], node["rhs"])
        return span["start"], span["end"], f"data.{PACKAGE}.{_ORDER[node['op']]}({left},{right})"

    def _call(self, call: Any) -> Iterator[_Edit]:
        name = name_of(call["fcn"])
        found = FUNCTIONS.get(name)
        if found is not None and found.checked and (*self._package, name) not in self._own:
            span = call["fcn"]["Var" if "Var" in call["fcn"] else "RefDot"]["span"]
            yield span["start"], span["end"], called_instead(name)
            if name == "regex.match":
                yield self._pattern(call["params"][0])
                yield from self._edits(call["params"][1:])
                return
        yield from self._edits(call["params"])

    def _pattern(self, node: Any) -> _Edit:
        """A pattern without backslashes."""
        pattern = _BACKSLASHED.sub(r"[\1]", str(text_of(node)))
        span = node["RawString" if "RawString" in node else "String"]["span"]
        return span["start"], span["end"], f'"{pattern}"'

    def _body(self, query: Any) -> Iterator[_Edit]:
        span = query["span"]
        if not query["stmts"] or self._is_braced(query):
            yield from self._edits(query["stmts"])
        else:
            # Regopy reads 'if every ...' and 'if not ...' only in braces.
            inside = self.region(span["start"], span["end"], query["stmts"])
            yield span["start"], span["end"], f"{{ {inside} }}"

    def _is_braced(self, query: Any) -> bool:
        start: int = query["span"]["start"]
        return self._source[start] == "{" and bool(query["stmts"][0]["span"]["start"] > start)
