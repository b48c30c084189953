"""The permissions that policies and documents name; a change reports names without an effect.

Names are found as texts, without running anything, so this only warns and never refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple

from yoto.rooms.policies.metrics.per_policy import adds_codes
from yoto.rooms.policies.rego.tokens import Kind, tokenize
from yoto.rooms.policies.store.entry import Entry
from yoto.rooms.policies.tables import PolicyKind

NEVER_ASKED: Final = "never_asked"
NOT_REGISTERED: Final = "not_registered"
NO_RULE: Final = "no_rule"
# A permission, or all of a group.
_NAME = re.compile(r"[A-Za-z0-9_-]+(?:[.:][A-Za-z0-9_-]+)*(?:\.\*)?", re.ASCII)
_ALL = "*"
# A rule that reads one of these in a line with a text uses that text as a permission.
_ASKED = frozenset({"action", "names"})
# Documents in which a name of a permission has another meaning.
_OTHER_NAMES = frozenset({"limiter"})


class KnownPermissions(NamedTuple):
    """The permissions of an application.

    Attributes:
        known: all names.
        judged: those that policies ever judge; the others only where a caller gives a context.
        always: those that they always judge.
    """

    known: frozenset[str]
    judged: frozenset[str]
    always: frozenset[str]


KnowPermissions = Callable[[], KnownPermissions | None]


@dataclass(frozen=True, slots=True)
class PolicyWarning:
    """A warning that a stored entry does not have its apparent effect.

    Attributes:
        code: ``never_asked``: it names permissions that no policy judges, unless a caller gives a
            context; ``not_registered``: it names permissions that do not exist; ``no_rule``:
            nothing in force names these permissions, which policies always judge.
        permissions: their names, or those of groups (``vault.*``).
    """

    code: Literal["never_asked", "not_registered", "no_rule"]
    permissions: tuple[str, ...]


def warnings_of(entry: Entry, permissions: KnownPermissions) -> Iterator[PolicyWarning]:
    """The names in an entry that have no effect."""
    groups = {_group(name) for name in permissions.known}
    named = {one for one in _named(entry, groups) if one != _ALL}
    unknown = {one for one in named if not _of(one, permissions.known)}
    idle = {one for one in named - unknown if not _of(one, permissions.judged)}
    if idle:
        yield PolicyWarning(NEVER_ASKED, tuple(sorted(idle)))
    if unknown:
        yield PolicyWarning(NOT_REGISTERED, tuple(sorted(unknown)))


def names_of(permission: str) -> frozenset[str]:
    """The names that mean a permission: its own, its group's, and that of all permissions."""
    return frozenset((permission, f"{_group(permission)}.*", _ALL))


def without_rule(
    modules: Mapping[str, str], documents: Mapping[str, Any], permissions: KnownPermissions
) -> Iterator[PolicyWarning]:
    """The permissions that are always judged and that nothing in force names."""
    groups = {_group(name) for name in permissions.known}
    named: set[str] = set()
    for source in modules.values():
        # "*" in a policy is a key that documents may have, and names no permission by itself.
        named |= set(named_in_source(source, groups)) - {_ALL}
    for document in documents.values():
        named |= set(named_in_document(document, groups))
    left = {name for name in permissions.always if named.isdisjoint(names_of(name))}
    if left:
        yield PolicyWarning(NO_RULE, tuple(sorted(left)))


def _of(named: str, names: frozenset[str]) -> bool:
    """Whether a name, or one of a group, is among ``names``."""
    if not named.endswith(".*"):
        return named in names
    return any(name.startswith(named[:-1]) for name in names)


def _group(name: str) -> str:
    return name.partition(".")[0]


def _named(entry: Entry, groups: set[str]) -> Iterable[str]:
    if entry.kind is PolicyKind.REGO:
        return named_in_source(entry.source, groups)
    return named_in_document(json.loads(entry.source), groups)


def named_in_source(source: str, groups: set[str]) -> Iterator[str]:
    """The names of permissions in a policy, with ``*`` and ``group.*``."""
    tokens = tokenize(source)
    lines = {token.line for token in tokens if token.kind is Kind.NAME and token.value in _ASKED}
    before = ""
    for token in tokens:
        # The text after "contains" is the code of a denial.
        if token.kind is Kind.TEXT and before != "contains":
            text = token.value[1:-1]
            asked = token.line in lines and "." in text and _NAME.fullmatch(text)
            if text == _ALL or asked or _is_name(text, groups):
                yield text
        before = token.value


def named_in_document(value: Any, groups: set[str]) -> Iterator[str]:
    """The names of permissions in a document."""
    if isinstance(value, str):
        if value == _ALL or _is_name(value, groups):
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from named_in_document(key, groups)
            if key not in _OTHER_NAMES:
                yield from named_in_document(inner, groups)
    elif isinstance(value, list):
        for inner in value:
            yield from named_in_document(inner, groups)


def _is_name(text: str, groups: set[str]) -> bool:
    """Whether a text is a name in a group that exists."""
    return "." in text and _group(text) in groups and _NAME.fullmatch(text) is not None


Asked = Literal["always", "where_set", "with_context"]


@dataclass(frozen=True, slots=True)
class JudgedPermission:
    """A permission, and the policies that may deny it.

    Attributes:
        asked: ``always``; ``where_set``: where a rule is set; ``with_context``: only where a caller
            gives a context.
        policies: names of the policies, by name.
    """

    permission: str
    asked: Annotated[Asked, "When policies are asked about it"]
    policies: tuple[str, ...]


def judged_permissions(
    modules: Mapping[str, str], documents: Mapping[str, Any], permissions: KnownPermissions
) -> list[JudgedPermission]:
    """Every permission that policies are ever asked about without a context, and those that a
    policy names; those that are always asked about first, then by name.

    A policy that names none, and reads no document, judges every permission.

    Args:
        modules: Rego by name, without tests.
        documents: the documents that they read, by name.
    """
    groups = {_group(name) for name in permissions.known}
    named = {
        name: _named_by(source, documents, groups)
        for name, source in sorted(modules.items())
        if adds_codes(source)
    }
    rows = []
    for permission in sorted(permissions.known):
        names = names_of(permission)
        policies = tuple(
            policy
            for policy, found in named.items()
            if found is None or not names.isdisjoint(found)
        )
        asked = _asked(permission, permissions)
        expressly = any(permission in (found or ()) for found in named.values())
        if asked != "with_context" or expressly:
            rows.append(JudgedPermission(permission, asked, policies))
    return sorted(rows, key=lambda row: (row.asked != "always", row.asked != "where_set"))


def _asked(permission: str, permissions: KnownPermissions) -> Asked:
    if permission in permissions.always:
        return "always"
    return "where_set" if permission in permissions.judged else "with_context"


def _named_by(source: str, documents: Mapping[str, Any], groups: set[str]) -> set[str] | None:
    """The names, with ``*`` and ``group.*``; None: it judges every permission."""
    found = set(named_in_source(source, groups))
    read = _documents_of(source) & documents.keys()
    for name in read:
        found |= set(named_in_document(documents[name], groups))
    return found if found or read else None


def _documents_of(source: str) -> set[str]:
    """Names of the documents that a source reads, as ``data.<name>``."""
    tokens = tokenize(source)
    return {
        name.value
        for data, dot, name in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if data.value == "data" and dot.value == "." and name.kind is Kind.NAME
    }
