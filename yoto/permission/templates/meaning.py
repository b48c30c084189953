"""Where permissions mean something."""

from __future__ import annotations

from collections.abc import Iterable

from yoto.permission.specs import Scoped
from yoto.store.resources import known_types


def meaningless(permissions: Iterable[Scoped], kind: str) -> list[str]:
    """The names of those that nobody ever asks for at a single node of a type, or below one."""
    asked = {kind, *(one.name for one in known_types().below(kind))}
    return [permission.name for permission in permissions if permission.scope not in asked]
