"""Checks that depend on more than the address of a request, where a decorator knows too little."""

from __future__ import annotations

from app.extensions import permissions
from app.models import Server
from yoto.errors import PermissionDenied

OUTRANKED = "outranked"


def demand(user_id: int, permission: str, scope: str, scope_id: int | None = None) -> None:
    """Go on only when the user has the permission there.

    Raises:
        PermissionDenied: they have not.
    """
    decision = permissions.decide(user_id, permission, scope, scope_id)
    if not decision.allowed:
        raise PermissionDenied(decision, permission)


def demand_rank(actor_id: int, target_id: int, server: Server, permission: str) -> None:
    """Go on only when the actor stands above the target in the server's hierarchy of roles.

    Args:
        server: as it is now, locked, so that its owner stays its owner meanwhile.
        permission: the permission that the actor is about to use, for the response.

    Raises:
        PermissionDenied: they do not; no one stands above the owner.
    """
    home = ("server", server.id)
    if target_id == server.owner_id or not permissions.outranks(actor_id, target_id, home):
        raise PermissionDenied(OUTRANKED, permission)
