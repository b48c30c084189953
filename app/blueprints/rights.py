"""Checks that depend on more than the address of a request, for which decorators know too little."""

from __future__ import annotations

from app.core.errors import PermissionDenied
from app.extensions import permissions


def demand(user_id: int, permission: str, scope: str, scope_id: int) -> None:
    """Go on only when the user has the permission there.

    Raises:
        PermissionDenied: they have not.
    """
    decision = permissions.decide(user_id, permission, scope, scope_id)
    if not decision.allowed:
        raise PermissionDenied(decision, permission)
