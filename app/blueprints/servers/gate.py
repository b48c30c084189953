"""Decorators for routes of a server that no permission alone decides about."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from app.blueprints.servers.membership import demand_member
from app.extensions import permissions
from app.models import Server
from yoto.api.rows import existing
from yoto.auth.access import RIGHTS_MARK, SIGNED_IN_MARK
from yoto.auth.identity import identity
from yoto.errors import PermissionDenied
from yoto.store.models import ScopeType

MANAGE = "server.manage"
HOURS, NETWORK, DEVICE = (
    "outside_access_hours",
    "network_blocked_by_server",
    "device_not_registered",
)

View = TypeVar("View", bound=Callable[..., Any])


def members_only(view: View) -> View:
    """Let members of the server ``server_id`` in (and super-admins), before the body is read."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        demand_member(kwargs["server_id"], identity())
        return view(*args, **kwargs)

    setattr(guarded, SIGNED_IN_MARK, True)
    return guarded  # type: ignore[return-value]


def needs_management(view: View) -> View:
    """Admit callers who may manage the server ``server_id``. Its own rules about hours, networks
    and devices do not bind its owner, who sets them, nor super-admins: they could not mend a rule
    that shuts them out. The rules of the platform bind them, too.

    The view raises ``UnknownResource`` for a server that does not exist, ``PermissionDenied`` for
    others.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        actor = identity()
        server = existing(Server, kwargs["server_id"])
        decision = permissions.decide(actor.user_id, MANAGE, ScopeType.SERVER, server.id)
        if not decision.allowed:
            mine = actor.super_admin or server.owner_id == actor.user_id
            if not (mine and decision.codes and _own_rules(server).issuperset(decision.codes)):
                raise PermissionDenied(decision, MANAGE)
        return view(*args, **kwargs)

    setattr(guarded, RIGHTS_MARK, (MANAGE,))
    return guarded  # type: ignore[return-value]


def _own_rules(server: Server) -> set[str]:
    """The codes that can come from the rules of the server itself. A device may be wanted by the
    platform, too, with the same code.
    """
    return {HOURS, NETWORK} | ({DEVICE} if server.device_required else set())
