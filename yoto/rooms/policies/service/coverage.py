"""The policies that may judge each permission.

They are found as ``naming`` finds them: by the names of permissions in sources and in the documents
that they read. A policy that names none, and reads no document, judges every permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from yoto.rooms.policies.metrics import adds_codes
from yoto.rooms.policies.rego import Kind, tokenize
from yoto.rooms.policies.service.naming import KnownPermissions, named_in_document, named_in_source

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

    Args:
        modules: Rego by name, without tests.
        documents: the documents that they read, by name.
    """
    groups = {name.partition(".")[0] for name in permissions.known}
    named = {
        name: _named(source, documents, groups)
        for name, source in sorted(modules.items())
        if adds_codes(source)
    }
    rows = []
    for permission in sorted(permissions.known):
        names = {permission, "*", f"{permission.partition('.')[0]}.*"}
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


def _named(source: str, documents: Mapping[str, Any], groups: set[str]) -> set[str] | None:
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
