"""Heads of rules: those that regorus loses a part of, and functions that call themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from yoto.policy.portable.syntax import (
    NotPortable,
    constant_part,
    imports_of,
    name_of,
    nodes,
    package_of,
    path_of,
    references,
    rules_of,
)
from yoto.policy.rego import Syntax

Path = tuple[str | None, ...]


def check_heads(modules: Mapping[str, Syntax]) -> Iterator[tuple[str, NotPortable]]:
    """The faults in heads, with the name of the module; packages span modules."""
    seen: dict[Path, list[Path]] = {}
    for name, module in modules.items():
        for _, kind, head, reference in rules_of(module):
            path = package_of(module) + path_of(reference)
            yield from ((name, found) for found in _head_faults(kind, head, reference))
            others = seen.setdefault(path[: len(package_of(module)) + 1], [])
            if any(_clash(path, other) for other in others):
                yield name, NotPortable(
                    reference,
                    "a rule for any key stands beside one for a key of its own, which regorus "
                    'then finds alone: write both with a variable, as in x[key] with key == "a"',
                )
            others.append(path)
    yield from recursive(modules)


def _head_faults(kind: str, head: Syntax, reference: Syntax) -> Iterator[NotPortable]:
    if kind == "Compr" and head["assign"] is None and None in path_of(reference):
        yield NotPortable(
            reference, "without a value, regorus keeps the first key alone: write x[key] := true"
        )
    if kind != "Func":
        return
    arguments = head["args"]
    if not arguments:
        yield NotPortable(reference, "a function without arguments: write a rule")
    names = [one["Var"]["value"] for one in nodes(arguments, "Var")]
    if any(name != "_" and names.count(name) > 1 for name in names):
        yield NotPortable(reference, "an argument stands twice: give each a name and compare them")
    if any(True for _ in nodes(arguments, "Object")):
        yield NotPortable(
            reference, "an object in the place of an argument: take it whole and read its fields"
        )


def _clash(one: Path, other: Path) -> bool:
    for mine, theirs in zip(one, other, strict=False):
        if (mine is None) != (theirs is None):
            return True
        if mine != theirs:
            return False
    return False


def recursive(
    modules: Mapping[str, Syntax], functions_alone: bool = True
) -> Iterator[tuple[str, NotPortable]]:
    """Functions that come back to themselves: OPA refuses them, regorus runs out of memory.

    Rules that do are an error where they are reached.
    """
    defined: dict[Path, set[Path]] = {}
    functions: dict[Path, tuple[str, Syntax]] = {}
    for name, module in modules.items():
        for rule, kind, head, reference in rules_of(module):
            path: Path = constant_part(package_of(module) + path_of(reference))
            inside = [{key: part for key, part in head.items() if key != "refr"}]
            inside += rule.get("Spec", {}).get("bodies", [])
            local = {one["Var"]["value"] for one in _declared(rule)}
            defined.setdefault(path, set()).update(_read(inside, local, module))
            if kind == "Func" or not functions_alone:
                functions.setdefault(path, (name, reference))
    below: dict[Path, set[Path]] = {}
    for path in defined:
        for size in range(len(path) + 1):
            below.setdefault(path[:size], set()).add(path)
    leads_to = {
        path: {other for one in read for other in _evaluated_with(one, defined, below)}
        for path, read in defined.items()
    }
    for path, (name, reference) in functions.items():
        if _reaches(path, leads_to):
            yield name, NotPortable(reference, f"{name_of(reference)} calls itself in the end")


def _read(inside: Any, local: Collection[str], module: Syntax) -> Iterator[Path]:
    """The paths below ``data`` that a part of a module looks at."""
    package, imports = package_of(module), imports_of(module)
    for reference, _ in references(inside):
        written = constant_part(reference)
        if written[0] in local:
            continue
        path = imports.get(written[0], written[:1]) + written[1:]
        if path[0] == "data":
            yield path[1:]
        elif path[0] != "input":
            yield package + path


def _declared(rule: Any) -> Iterator[Syntax]:
    for function in nodes(rule, "Func"):
        yield from nodes(function["Func"]["args"], "Var")
    for assign in nodes(rule, "AssignExpr"):
        if assign["AssignExpr"]["op"] == "ColEq":
            yield from nodes(assign["AssignExpr"]["lhs"], "Var")
    for some in nodes(rule, "SomeIn"):
        yield from nodes([some["SomeIn"]["key"], some["SomeIn"]["value"]], "Var")


def _reaches(start: Path, leads_to: Mapping[Path, set[Path]]) -> bool:
    seen: set[Path] = set()
    waiting = list(leads_to[start])
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(leads_to[path])
    return start in seen


def _evaluated_with(
    read: Path, defined: Mapping[Path, object], below: Mapping[Path, set[Path]]
) -> Iterator[Path]:
    """The rules that looking at ``read`` evaluates: those inside it, and what it is inside."""
    yield from below.get(read, ())
    yield from (read[:size] for size in range(len(read)) if read[:size] in defined)
