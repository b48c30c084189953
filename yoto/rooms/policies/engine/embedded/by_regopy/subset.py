"""Refuses forms that regopy would read differently from the other engines.

It does not notice a variable without a value, a missing function or a rule that comes back to
itself: all of these are silently undefined, and a rule that denies would be silent. So names are
looked up here, one statement after the other, and functions in a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.portable.heads import recursive
from yoto.rooms.policies.portable.syntax import (
    NotPortable,
    imports_of,
    name_of,
    package_of,
    path_of,
    rules_of,
    text_of,
)
from yoto.rooms.policies.rego.parser import Syntax

# The package of ``functions.rego``, and its tables.
PACKAGE = "yoto_regopy"
SOURCE = (resources.files(__package__) / "functions.rego").read_text("utf-8")
TABLES: Mapping[str, object] = {
    "octets": {str(number): f"{number:08b}" for number in range(256)},
    "digits": {digit: f"{int(digit, 16):04b}" for digit in "0123456789abcdefABCDEF"},
    "sizes": {str(size): size for size in range(129)},
    "zeros": ["0" * 16] * 8,
}


@dataclass(frozen=True, slots=True)
class Function:
    """A builtin.

    Attributes:
        arguments: how many it takes; another number would be silently undefined.
        checked: whether our own function is called instead, which raises an error for values that
            regopy would turn into something else.
        unordered: whether the order of an array does not matter to it.
    """

    arguments: int
    checked: bool = False
    unordered: bool = False


FUNCTIONS: Mapping[str, Function] = {
    **{
        f"is_{kind}": Function(1)
        for kind in ("array", "boolean", "null", "number", "object", "set", "string")
    },
    "array.concat": Function(2),
    "concat": Function(2, checked=True),
    "contains": Function(2),
    "count": Function(1, checked=True, unordered=True),
    "endswith": Function(2),
    "glob.match": Function(3, checked=True),
    "indexof": Function(2, checked=True),
    "lower": Function(1, checked=True),
    "net.cidr_contains": Function(2, checked=True),
    "numbers.range": Function(2),
    "object.get": Function(3),
    "object.keys": Function(1),
    "regex.match": Function(2, checked=True),
    "replace": Function(3, checked=True),
    "round": Function(1, checked=True),
    "split": Function(2, checked=True),
    "sprintf": Function(2, checked=True),
    "startswith": Function(2),
    "substring": Function(3, checked=True),
    "sum": Function(1, checked=True, unordered=True),
    "time.clock": Function(1),
    "time.date": Function(1),
    "time.now_ns": Function(0),
    "time.weekday": Function(1),
    "to_number": Function(1, checked=True),
    "trim": Function(2, checked=True),
    "trim_prefix": Function(2),
    "trim_suffix": Function(2),
    "type_name": Function(1),
}


def called_instead(name: str) -> str:
    """The path of the function that is called instead of a checked one."""
    return f"data.{PACKAGE}.{name.replace('.', '_')}_checked"


Path = tuple[str | None, ...]

# Its regular expressions try all ways: with more repetitions, or some inside others, that takes
# longer than any caller waits.
MOST_REPEATED = 3
_REPEATED = re.compile(r"[*+?]|\{[0-9,]+\}")
_CHARACTERS = r"(?:[A-Za-z0-9_ @:;=,/!#%&~<>-]|\\[-.+*?()|{}$/])"
_CLASS = r"\[(?:[A-Za-z0-9_ @.:;=,/!#%&~<>+*?()|{}$-])+\]"
_ITEM = rf"(?:{_CHARACTERS}|{_CLASS})(?:[*+?]|\{{[0-9]+(?:,[0-9]*)?\}})?"
_BRANCHES = rf"(?:{_ITEM})*(?:\|(?:{_ITEM})*)*"
_REGEX = re.compile(rf"\^?(?:(?:{_ITEM})|\({_BRANCHES}\))*\$?")


def check_subset(modules: Mapping[str, Syntax]) -> None:
    """Refuse a set with other forms.

    Raises:
        PolicyError: the first such form; the reason has the form that works.
    """
    rules: dict[Path, int | None] = {}
    for tree in modules.values():
        for _, kind, head, reference in rules_of(tree):
            path = (*package_of(tree), *path_of(reference)[:1])
            rules[path] = len(head["args"]) if kind == "Func" else rules.get(path)
    for name, tree in modules.items():
        for found in _Checks(tree, rules).faults():
            raise PolicyError(name, f"{found.place}: {found.reason} (on regopy)")
    for name, found in recursive(modules, functions_alone=False):
        raise PolicyError(name, f"{found.place}: {found.reason} (on regopy)")


class _Checks:
    """The checks of one module."""

    def __init__(self, tree: Syntax, rules: Mapping[Path, int | None]) -> None:
        self._tree = tree
        self._rules = rules
        self._package = package_of(tree)
        self._imports = imports_of(tree)

    def faults(self) -> Iterator[NotPortable]:
        """The faults of the modules."""
        for rule, kind, head, reference in rules_of(self._tree):
            known: set[str] = set()
            yield from self._declare(head.get("args") or (), known, reference)
            if kind == "Default":
                yield from self._inside(head["value"], known)
                continue
            given = [head["key"]] if kind == "Set" else [head["assign"]] if head["assign"] else []
            bodies = rule["Spec"]["bodies"]
            for body in bodies:
                scope = set(known)
                yield from self._statements(body["query"]["stmts"], scope)
                if body["assign"] is not None:
                    yield from self._inside(body["assign"]["value"], scope)
                elif body is bodies[0] or kind == "Set":
                    yield from self._head(reference, given, scope)
            if not bodies:
                yield from self._head(reference, given, known)

    def _head(self, reference: Any, given: Any, known: set[str]) -> Iterator[NotPortable]:
        """The value of a head, and its keys."""
        yield from self._inside([one.get("value", one) for one in given], known)
        while "Var" not in reference:
            if "RefBrack" in reference:
                yield from self._inside(reference["RefBrack"]["index"], known)
            reference = (reference.get("RefDot") or reference["RefBrack"])["refr"]

    def _declare(
        self, patterns: Iterable[Any], known: set[str], where: Syntax
    ) -> Iterator[NotPortable]:
        """Take the variables of patterns as known."""
        for pattern in patterns:
            if "Array" in pattern:
                yield from self._declare(pattern["Array"]["items"], known, where)
            elif "Var" not in pattern:
                yield NotPortable(where, "a pattern may have variables and arrays of them alone")
            else:
                name = str(pattern["Var"]["value"])
                if name in known or name in self._imports or (*self._package, name) in self._rules:
                    yield NotPortable(where, f"{name} has another meaning already: rename it")
                if name != "_":
                    known.add(name)

    def _statements(self, statements: Iterable[Any], known: set[str]) -> Iterator[NotPortable]:
        for statement in statements:
            ((kind, literal),) = statement["literal"].items()
            if "with_mods" in statement:
                yield NotPortable(statement, "with is for tests")
            elif kind == "SomeVars":
                yield NotPortable(statement, "write some x in, so that it has a value")
            elif kind == "SomeIn":
                yield from self._inside(literal["collection"], known)
                pattern = [one for one in (literal["key"], literal["value"]) if one]
                yield from self._declare(pattern, known, statement)
            elif kind == "Every":
                yield from self._inside(literal["domain"], known)
                inner = known | {one["text"] for one in (literal["key"], literal["value"]) if one}
                yield from self._statements(literal["query"]["stmts"], inner)
            elif kind == "Expr" and "AssignExpr" in literal["expr"]:
                assign = literal["expr"]["AssignExpr"]
                if assign["op"] == "Eq":
                    yield NotPortable(statement, "write := to declare, or == to compare")
                yield from self._inside(assign["rhs"], known)
                yield from self._declare([assign["lhs"]], known, statement)
            else:
                yield from self._inside(literal["expr"], known)

    def _inside(self, tree: Any, known: set[str]) -> Iterator[NotPortable]:
        """The faults in expressions."""
        if isinstance(tree, list):
            for one in tree:
                yield from self._inside(one, known)
            return
        for kind, inside in tree.items() if isinstance(tree, dict) else ():
            if kind == "Var":
                yield from self._name(tree, known)
            elif kind == "Call":
                yield from self._call(tree, known)
            elif kind == "ArrayCompr":
                yield NotPortable(
                    tree, "an array that is made of a set or an object has another order: write {}"
                )
            elif kind in ("SetCompr", "ObjectCompr"):
                yield from self._comprehension(inside, known)
            elif kind == "AssignExpr":
                yield NotPortable(tree, "write == to compare")
            elif kind == "RefBrack":
                yield from self._inside(inside["refr"], known)
                if inside["index"].get("Var", {}).get("value") != "_":
                    yield from self._inside(inside["index"], known)
            elif kind not in ("span", "field"):
                yield from self._inside(inside, known)

    def _comprehension(self, inside: Any, known: set[str]) -> Iterator[NotPortable]:
        scope = set(known)
        yield from self._statements(inside["query"]["stmts"], scope)
        terms = [inside[one] for one in ("term", "key", "value") if one in inside]
        yield from self._inside(terms, scope)

    def _name(self, node: Any, known: set[str]) -> Iterator[NotPortable]:
        name = str(node["Var"]["value"])
        if name in known or name in ("input", "data") or name in self._imports:
            return
        if (*self._package, name) not in self._rules:
            yield NotPortable(
                node, f"var {name} is unsafe: no statement before it declares it by := or some x in"
            )

    def _call(self, call: Any, known: set[str]) -> Iterator[NotPortable]:
        name, arguments = name_of(call["Call"]["fcn"]), call["Call"]["params"]
        path = path_of(call["Call"]["fcn"])
        whole = (*self._imports.get(str(path[0]), ()), *path[1:])
        own = whole[1:] if whole[:1] == ("data",) else (*self._package, *path)
        if path[0] == "data":
            own = path[1:]
        found = FUNCTIONS.get(name)
        wanted = self._rules[own] if own in self._rules else found and found.arguments
        if wanted is None:
            yield NotPortable(call, f"{name} is not a function that regopy has as others have it")
        elif wanted != len(arguments):
            yield NotPortable(call, f"{name} takes {wanted} arguments")
        elif name == "regex.match" and own not in self._rules:
            yield from _pattern(arguments[0])
        for one in arguments:
            if "ArrayCompr" in one and found is not None and found.unordered:
                yield from self._comprehension(one["ArrayCompr"], known)
            else:
                yield from self._inside(one, known)


def _pattern(node: Any) -> Iterator[NotPortable]:
    text = text_of(node)
    if text is None or not _REGEX.fullmatch(text) or len(_REPEATED.findall(text)) > MOST_REPEATED:
        yield NotPortable(
            node,
            "a pattern may have ASCII characters, classes of those that match and groups, at most "
            f"{MOST_REPEATED} repetitions, and none of a group",
        )
