"""Values and modules in the form that regopy takes; ``subset`` has the reasons.

Regopy keeps texts as they are escaped in JSON, so that ``count`` counts backslashes, and
``"\\u0041"`` is another text than ``"A"``. Here a character that JSON has to escape is two of
Unicode's private use: ``MARK`` and one that says which. So nothing is escaped, and equal texts are
equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from yoto.rooms.policies.engine.embedded.by_regopy.subset import (
    FUNCTIONS,
    PACKAGE,
    called_instead,
)
from yoto.rooms.policies.portable.syntax import name_of, package_of, rules_of, text_of
from yoto.rooms.policies.rego.parser import Syntax, syntax_of

MARK = "\ue000"
_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f\ue000]')
_MARKED = re.compile(r"\ue000(.)")
_BASE = 0xE100
# The mark's companions are above it; this one stands for a character that is itself a mark.
_MARK_ITSELF = chr(_BASE + 0x80)


def encoded_text(text: str) -> str:
    """A text without characters that JSON escapes."""
    return _ESCAPED.sub(_encode, text)


def encoded(value: Any) -> Any:
    """JSON data with such texts alone, and whole numbers as such."""
    if type(value) is str:
        return encoded_text(value)
    if type(value) is dict:
        return {encoded_text(key): encoded(one) for key, one in value.items()}
    if type(value) is list:
        return [encoded(one) for one in value]
    return int(value) if type(value) is float and value.is_integer() else value


def to_json(value: Any) -> str:
    """The text of JSON data for regopy."""
    return json.dumps(encoded(value), ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> str:
    """A JSON text from regopy, in the form of other engines."""
    return json.dumps(_decoded(json.loads(text))) if MARK in text else text


def read(text: str) -> Any:
    """JSON data.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(text, parse_constant=_refuse)


def _encode(match: re.Match[str]) -> str:
    character = match[0]
    return MARK + (_MARK_ITSELF if character == MARK else chr(_BASE + ord(character)))


def _decoded(value: Any) -> Any:
    if type(value) is str:
        return _MARKED.sub(_decode, value)
    if type(value) is dict:
        return {_decoded(key): _decoded(one) for key, one in value.items()}
    return [_decoded(one) for one in value] if type(value) is list else value


def _decode(match: re.Match[str]) -> str:
    return MARK if match[1] == _MARK_ITSELF else chr(ord(match[1]) - _BASE)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


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
