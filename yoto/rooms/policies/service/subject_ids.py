"""``input.subject.id`` is the application's own id: comparisons must be with values of its kind.

Comparing a text with a number is no error in Rego: it never holds, so a denial by it is silent.
Comparisons are found where they are written, by a name for the id or without one; not through a
function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from yoto.errors import PolicyError
from yoto.rooms.policies.portable.syntax import (
    nodes,
    package_of,
    path_of,
    place_of,
    rules_of,
    text_of,
)
from yoto.rooms.policies.rego.heads import EVERYTHING, reads_of
from yoto.rooms.policies.rego.parser import Syntax, parse
from yoto.rooms.policies.rego.tokens import tokenize

IdKind = Literal["integer", "text", "UUID"]
JsonKind = Literal["number", "text", "boolean"]
Path = tuple[str | None, ...]

SUBJECT_ID: Path = ("input", "subject", "id")
_ARE: Mapping[IdKind, str] = {
    "integer": "integers",
    "text": "texts",
    "UUID": "UUIDs, as texts in small letters with hyphens",
}
_LITERALS: Mapping[str, JsonKind] = {
    "Number": "number",
    "String": "text",
    "RawString": "text",
    "Bool": "boolean",
}
# The most names of names that are followed; no policy has more.
_MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class InputKinds:
    """The kinds of ids in the inputs of an application.

    Attributes:
        subject: the kind of the ids of its people.
        paths: the possible kinds of other dotted paths below ``input``; a path that is missing may
            have any.
    """

    subject: IdKind
    paths: Mapping[str, frozenset[JsonKind]] = field(default_factory=dict)


KnowKinds = Callable[[], InputKinds | None]


def reads_subject_id(source: str) -> bool:
    """Whether a policy may read ``input.subject.id``."""
    return bool(reads_of([tokenize(source)]) & {EVERYTHING, "subject", "subject.id"})


def refuse_other_kinds(name: str, source: str, kinds: InputKinds) -> None:
    """Refuse a policy that compares the id with a value that no id has.

    Raises:
        PolicyError: the first such comparison, with the kind that ids are.
    """
    if not reads_subject_id(source):
        return
    for node, other in _Comparisons(parse(name, source), kinds).faults():
        raise PolicyError(
            name,
            f"{place_of(node)}: input.subject.id is compared with {other}, which is never equal: "
            f"the ids of this application's people are {_ARE[kinds.subject]}",
        )


class _Comparisons:
    """The comparisons of one module."""

    def __init__(self, module: Syntax, kinds: InputKinds) -> None:
        self._module = module
        self._kinds = kinds
        self._json: JsonKind = "number" if kinds.subject == "integer" else "text"
        self._names = _imported(module) | _named_by_rules(module)

    def faults(self) -> Iterator[tuple[Syntax, str]]:
        """Each term of another kind, with its description."""
        for rule, _, _, _ in rules_of(self._module):
            names = self._names | _named_within(rule)
            for node in nodes(rule, "BoolExpr", "AssignExpr", "Membership"):
                for kind, one in node.items():
                    if kind == "Membership":
                        yield from self._membership(one, names)
                    else:
                        yield from self._pair(one["lhs"], one["rhs"], names)

    def _membership(self, one: Syntax, names: Mapping[str, Path]) -> Iterator[tuple[Syntax, str]]:
        held = one["collection"]
        items = next((held[kind]["items"] for kind in ("Array", "Set") if kind in held), ())
        for item in items:
            yield from self._pair(one["value"], item, names)

    def _pair(
        self, left: Syntax, right: Syntax, names: Mapping[str, Path]
    ) -> Iterator[tuple[Syntax, str]]:
        for one, other in ((left, right), (right, left)):
            yield from self._at(_whole(one, names), other, names)

    def _at(
        self, path: Path, other: Syntax, names: Mapping[str, Path]
    ) -> Iterator[tuple[Syntax, str]]:
        """Other sides of comparisons with the input at ``path``, also as a field of an object."""
        if path == SUBJECT_ID:
            if found := self._other(other, names):
                yield other, found
        elif path and path == SUBJECT_ID[: len(path)]:
            for _, key, value in other.get("Object", {}).get("fields", ()):
                yield from self._at((*path, text_of(key)), value, names)

    def _other(self, node: Syntax, names: Mapping[str, Path]) -> str | None:
        """A description of a term that no id is equal to; None: one may be."""
        for form, kind in _LITERALS.items():
            if form in node:
                written = node[form]["value"]
                if kind != self._json:
                    return f"the {kind} {written!r}"
                if self._kinds.subject == "UUID" and not _is_uuid(str(text_of(node))):
                    return f"the text {written!r}"
        path = _whole(node, names)
        if path[:1] != ("input",) or None in path:
            return None
        dotted = ".".join(str(part) for part in path[1:])
        kinds = self._kinds.paths.get(dotted)
        if kinds is None or self._json in kinds:
            return None
        return f"input.{dotted}, which is a {' or a '.join(sorted(kinds))}"


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _whole(node: Any, names: Mapping[str, Path]) -> Path:
    """The path of a reference from ``input``, where its names stand for parts of it."""
    path = path_of(node) if isinstance(node, dict) else ()
    for _ in range(_MOST_NAMES):
        if not path or path[0] not in names:
            break
        path = names[str(path[0])] + path[1:]
    return path


def _imported(module: Syntax) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for one in module["imports"]:
        path = path_of(one["refr"])
        if path[:1] == ("input",):
            found[one["as"]["text"] if "as" in one else str(path[-1])] = path
    return found


def _named_by_rules(module: Syntax) -> dict[str, Path]:
    """The rules that only give a part of the input another name: ``me := input.subject``."""
    found: dict[str, Path] = {}
    for _, kind, head, reference in rules_of(module):
        value = head.get("assign") if kind == "Compr" else None
        if value and "Var" in reference and (path := path_of(value["value"])):
            found[str(reference["Var"]["value"])] = path
    own = package_of(module)
    return {name: path for name, path in found.items() if path != (*own, name)}


def _named_within(rule: Syntax) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for node in nodes(rule, "AssignExpr"):
        one = node["AssignExpr"]
        if "Var" in one["lhs"] and (path := path_of(one["rhs"])):
            found[str(one["lhs"]["Var"]["value"])] = path
    return found
