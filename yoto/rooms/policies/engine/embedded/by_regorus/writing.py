"""Rewrites a module for regorus, where it would read a form or a value differently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.engine.embedded.by_regorus.objects import (
    PACKAGE,
    Edits,
    rewrite_statement,
    span_of,
    statements_of,
)
from yoto.rooms.policies.engine.embedded.by_regorus.rules import rewrite_every, rewrite_rule
from yoto.rooms.policies.portable.bodies import OBJECTS
from yoto.rooms.policies.portable.heads import MIXED_HEADS, mixed_heads
from yoto.rooms.policies.portable.patterns import as_regex, delimiters_of
from yoto.rooms.policies.portable.syntax import name_of, nodes, rules_of, text_of
from yoto.rooms.policies.rego.parser import Syntax, parse
from yoto.rooms.policies.sources import FORBIDDEN

SOURCE = (resources.files(__package__) / "functions.rego").read_text("utf-8")
_DEFINED = re.compile(r"^(\w+)_checked\(", re.MULTILINE)
_CHECKED = frozenset(_DEFINED.findall(SOURCE))
# Builtins in which engines differ, and forms.
EXACT = frozenset(name for name in FORBIDDEN if name.replace(".", "_") in _CHECKED) | {
    "glob.match",
    "glob.quote_meta",
    "numbers.range",
    "regex.split",
    OBJECTS,
    MIXED_HEADS,
}
_ERROR = re.compile(r'"yoto: (.*)"')
# Modules of a few sets, whole and reduced: each is compiled more than once.
_MOST_WRITTEN = 128


@lru_cache(maxsize=_MOST_WRITTEN)
def _parsed(name: str, source: str) -> Syntax | None:
    # Our parser need not be able to read tests: the engine reports their faults.
    try:
        return parse(name, source)
    except PolicyError:
        return None


def written(modules: Mapping[str, str]) -> dict[str, str]:
    """The modules, with that of the checks where any is called."""
    read = {name: _parsed(name, source) for name, source in modules.items()}
    trees = {name: tree for name, tree in read.items() if tree is not None}
    mixed = mixed_heads(trees)
    found = {
        name: _written(name, source, tuple(mixed.get(name, {}).items()))
        for name, source in modules.items()
    }
    calls = any(f"data.{PACKAGE}." in source for source in found.values())
    return {**found, PACKAGE: SOURCE} if calls else found


def reason_at(line: int) -> str | None:
    """The text of an error at a line of the checks; None: the error is another's."""
    found = _ERROR.search(SOURCE.splitlines()[line - 1])
    return None if found is None else found[1]


@lru_cache(maxsize=_MOST_WRITTEN)
def _written(name: str, source: str, mixed_parts: tuple[tuple[int, frozenset[int]], ...]) -> str:
    tree, mixed = _parsed(name, source), dict(mixed_parts)
    if tree is None:
        return source
    edits = Edits(source)
    for number, rule in enumerate(tree["rules"]):
        if "Spec" in rule:
            rewrite_rule(rule, edits, mixed.get(number, frozenset()))
        for node in nodes(rule, "Every"):
            rewrite_every(node["Every"], edits)
        for statement in statements_of(rule):
            rewrite_statement(statement, edits)
    _check_calls(tree, edits)
    _rewrite_globs(tree["rules"], edits)
    return edits.written()


def _check_calls(tree: Syntax, edits: Edits) -> None:
    own = {name_of(reference) for _, _, _, reference in rules_of(tree)}
    for call in nodes(tree["rules"], "Call"):
        called: Any = call["Call"]["fcn"]
        builtin = name_of(called)
        checked = builtin.replace(".", "_")
        if checked in _CHECKED and builtin not in own:
            edits.replace(called, f"data.{PACKAGE}.{checked}_checked")


def _rewrite_globs(tree: Any, edits: Edits) -> None:
    for call in nodes(tree, "Call"):
        several = call["Call"]["params"]
        if name_of(call["Call"]["fcn"]) != "glob.match" or len(several) < 3:
            continue
        pattern, delimiters = text_of(several[0]), delimiters_of(several[1])
        if pattern is None or delimiters is None:
            continue
        regex = as_regex(pattern, delimiters)
        if regex is not None:
            edits.replace(call["Call"]["fcn"], "regex.match")
            start, end = span_of(several[0])[0], span_of(several[1])[1]
            edits.replace_text(start, end, f"`{regex}`")
