"""Heads of rules: those that regorus loses a part of, and functions that call themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from yoto.rooms.policies.portable.bodies import OBJECTS
from yoto.rooms.policies.portable.objects import has_plain_keys
from yoto.rooms.policies.portable.syntax import (
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
from yoto.rooms.policies.rego.parser import Syntax

Path = tuple[str | None, ...]

_MIXED = (
    "a rule for any key stands beside one for a key of its own, which regorus then finds alone: "
    'write both with a variable, as in x[key] with key == "a"'
)
_MIXED_ELSE = (
    "a default, a function or a rule with else for a key of its own stands beside one for any key: "
    'write all with a variable and without else, as in x[key] with key == "a"'
)
_COMPUTED = (
    "it looks below a computed name, as data[x].y, where a rule for any key may be, which regorus "
    "does not find: write the name of the rule out"
)
_WITHOUT_VALUE = "without a value, regorus keeps the first key alone: write x[key] := true"
_ARGUMENT = "an object in the place of an argument: take it whole and read its fields"


# The name of a form that a library reads as OPA does if it gets such heads with variables.
MIXED_HEADS = "mixed heads"


def check_heads(
    modules: Mapping[str, Syntax], exact: Collection[str]
) -> Iterator[tuple[str, NotPortable]]:
    """The faults in heads, with the name of the module; packages span modules."""
    mixed = mixed_heads(modules)
    for name, module in modules.items():
        for number, (rule, kind, head, reference) in enumerate(rules_of(module)):
            found = _head_faults(kind, head, reference, exact)
            yield from ((name, one) for one in found)
            if number in mixed.get(name, {}):
                if MIXED_HEADS not in exact:
                    yield name, NotPortable(reference, _MIXED)
                elif kind not in ("Set", "Compr") or _has_else(rule):
                    yield name, NotPortable(reference, _MIXED_ELSE)
    yield from _computed(modules)
    yield from recursive(modules)


def _computed(modules: Mapping[str, Syntax]) -> Iterator[tuple[str, NotPortable]]:
    """Rules that read, below a computed name, the result of a rule for any key."""
    general: set[tuple[Path, Path]] = set()
    for module in modules.values():
        package = package_of(module)
        for _, _, _, reference in rules_of(module):
            if None in path_of(reference):
                general.add((package, package + constant_part(path_of(reference))))
    for name, module in modules.items() if general else ():
        imports = imports_of(module)
        for rule, _, _, reference in rules_of(module):
            for path, _ in references(rule):
                written = constant_part(path)
                if len(path) < len(written) + 2:
                    continue
                whole = imports.get(written[0], written[:1]) + written[1:]
                places = len(whole) - 1
                if whole[0] == "data" and any(
                    places <= len(package) and constant[:places] == whole[1:]
                    for package, constant in general
                ):
                    yield name, NotPortable(reference, _COMPUTED)


def mixed_heads(modules: Mapping[str, Syntax]) -> dict[str, dict[int, frozenset[int]]]:
    """The rules for a key of their own beside one for any key.

    Returns:
        By module and number of the rule: parts of its reference, counted from its end.
    """
    groups: dict[Path, list[tuple[str, int, list[str | None]]]] = {}
    for name, module in modules.items():
        package = package_of(module)
        for number, (_, _, _, reference) in enumerate(rules_of(module)):
            path = [*package, *path_of(reference)]
            groups.setdefault(tuple(path[: len(package) + 1]), []).append((name, number, path))
    found: dict[str, dict[int, frozenset[int]]] = {}
    for group in groups.values():
        if any(None in path for _, _, path in group):
            for name, number, places in _opened(group):
                found.setdefault(name, {})[number] = places
    return found


def _opened(
    group: list[tuple[str, int, list[str | None]]],
) -> Iterator[tuple[str, int, frozenset[int]]]:
    """Rules of a group that get a variable for constant parts, with these parts."""
    opened: list[set[int]] = [set() for _ in group]
    changed = True
    while changed:
        changed = False
        for mine, (_, _, path) in enumerate(group):
            for _, _, other in group:
                place = _clash(path, other)
                if place is not None:
                    path[place] = None
                    opened[mine].add(len(path) - 1 - place)
                    changed = True
    for (name, number, _), places in zip(group, opened, strict=True):
        if places:
            yield name, number, frozenset(places)


def _head_faults(
    kind: str, head: Syntax, reference: Syntax, exact: Collection[str]
) -> Iterator[NotPortable]:
    if kind == "Compr" and head["assign"] is None and None in path_of(reference):
        if MIXED_HEADS not in exact:
            yield NotPortable(reference, _WITHOUT_VALUE)
    if kind != "Func":
        return
    arguments = head["args"]
    if not arguments:
        yield NotPortable(reference, "a function without arguments: write a rule")
    names = [one["Var"]["value"] for one in nodes(arguments, "Var")]
    if any(name != "_" and names.count(name) > 1 for name in names):
        yield NotPortable(reference, "an argument stands twice: give each a name and compare them")
    if OBJECTS not in exact and any(True for _ in nodes(arguments, "Object")):
        yield NotPortable(reference, _ARGUMENT)
    elif not all(has_plain_keys(one) for one in arguments):
        yield NotPortable(reference, _ARGUMENT)


def _has_else(rule: Syntax) -> bool:
    return len(rule["Spec"]["bodies"]) > 1


def _clash(one: Sequence[str | None], other: Sequence[str | None]) -> int | None:
    """Where the first path has a constant part and the other none, up to which they are alike."""
    for place, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine is not None and theirs is None:
            return place
        if mine != theirs and mine is not None:
            return None
    return None


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
    """The paths below ``data`` that a part of a module reads."""
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
    """The rules that reading ``read`` evaluates: those inside it, and those around it."""
    yield from below.get(read, ())
    yield from (read[:size] for size in range(len(read)) if read[:size] in defined)
