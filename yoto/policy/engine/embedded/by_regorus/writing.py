"""Writes a module as regorus has to get it: builtins that differ are called through checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from yoto.policy.portable.syntax import name_of, nodes, package_of, rules_of
from yoto.policy.rego import syntax_of
from yoto.policy.sources import FORBIDDEN

# Where the functions of ``functions.rego`` are.
PACKAGE = "yoto_regorus"
SOURCE = (resources.files(__package__) / "functions.rego").read_text("utf-8")
_DEFINED = re.compile(r"^(\w+)_checked\(", re.MULTILINE)
_CHECKED = frozenset(_DEFINED.findall(SOURCE))
# Those of the builtins in which engines differ; of the last one, regorus and OPA do not.
EXACT = frozenset(name for name in FORBIDDEN if name.replace(".", "_") in _CHECKED) | {
    "glob.quote_meta"
}
# A module without any of these in its text is as it was, and need not be parsed.
_MAY_CALL = re.compile(rf"\b(?:{'|'.join(one.replace('_', '[._]') for one in sorted(_CHECKED))})\(")
_ERROR = re.compile(r'"yoto: (.*)"')


def written(modules: Mapping[str, str]) -> dict[str, str]:
    """The modules, with that of the checks where any is called; lines stay where they are.

    Raises:
        PolicyError: one is no Rego.
    """
    found = dict(modules)
    calling = {name: source for name, source in modules.items() if _MAY_CALL.search(source)}
    trees = syntax_of(calling)
    for name, source in calling.items():
        tree = trees[name]
        own = {(*package_of(tree), name_of(reference)) for _, _, _, reference in rules_of(tree)}
        calls = [one["Call"]["fcn"] for one in nodes(tree["rules"], "Call")]
        for called in sorted(calls, key=lambda one: -_start(one)):
            builtin = name_of(called)
            checked = builtin.replace(".", "_")
            if checked in _CHECKED and (*package_of(tree), builtin) not in own:
                start = _start(called)
                source = (
                    f"{source[:start]}data.{PACKAGE}.{checked}_checked"
                    f"{source[start + len(builtin):]}"
                )
        found[name] = source
    return found if found == modules else {**found, PACKAGE: SOURCE}


def reason_at(line: int) -> str | None:
    """What an error of the checks at a line of theirs says; None: the error is another's."""
    found = _ERROR.search(SOURCE.splitlines()[line - 1])
    return None if found is None else found[1]


def _start(called: Mapping[str, dict[str, dict[str, int]]]) -> int:
    return called["Var" if "Var" in called else "RefDot"]["span"]["start"]
