"""Where permissions mean something."""

from __future__ import annotations

from collections.abc import Iterable

from yoto.nodes import GLOBAL_KIND
from yoto.permission.registry.specs import Scoped
from yoto.store.resources import known_types


def meaningless(permissions: Iterable[Scoped], kind: str) -> list[str]:
    """The names of those that are never checked at a single node of a type, or below one.

    A node that lends others its overwrites counts as above them. For a type that is not declared
    this is unknown.
    """
    types = known_types()
    taking = [one.name for one in types if one.sync is not None and one.sync.type == kind]
    asked = {kind, *taking}
    asked |= {one.name for above in (kind, *taking) for one in types.below(above)}
    return [
        permission.name
        for permission in permissions
        if permission.scope not in asked
        and (permission.scope == GLOBAL_KIND or types.find(permission.scope) is not None)
    ]
