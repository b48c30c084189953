"""Where permissions mean something."""

from __future__ import annotations

from collections.abc import Iterable

from yoto.permission.specs import Scoped
from yoto.store.models import ScopeType

WIDE_TO_NARROW = (ScopeType.GLOBAL, ScopeType.SERVER, ScopeType.CHANNEL)


def meaningless(permissions: Iterable[Scoped], scope: ScopeType) -> list[str]:
    """The names of those that nobody ever asks for in a single place of kind ``scope``."""
    wider = WIDE_TO_NARROW[: WIDE_TO_NARROW.index(scope)]
    return [permission.name for permission in permissions if permission.scope in wider]
