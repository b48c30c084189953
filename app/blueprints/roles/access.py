"""Rights over the role that an address names: a server's role, or a global one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from app.blueprints.rights import demand
from app.blueprints.servers.membership import demand_member
from yoto.api.rows import existing
from yoto.auth.access import RIGHTS_MARK
from yoto.auth.identity import current_user_id, identity
from yoto.store.models import Role, ScopeType

View = TypeVar("View", bound=Callable[..., Any])

MANAGE = "role.manage"
ASSIGN = "role.assign"
GLOBAL_ROLES = "admin.roles"


def needs_role_right(in_server: str) -> Callable[[View], View]:
    """Admit callers who have ``in_server`` in the server of the role ``role_id``.

    For a global role they need ``admin.roles`` instead. The view raises ``UnknownResource`` for a
    role that does not exist, ``PermissionDenied`` for a caller without the right.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            demand_role_right(current_user_id(), kwargs["role_id"], in_server)
            return view(*args, **kwargs)

        setattr(guarded, RIGHTS_MARK, (in_server, GLOBAL_ROLES))
        return guarded  # type: ignore[return-value]

    return decorate


def demand_role_right(user_id: int, role_id: int, in_server: str) -> None:
    """Go on only when a user has ``in_server`` in the server of a role, or, for a global one,
    ``admin.roles``.

    Raises:
        UnknownResource: there is no such role.
        PermissionDenied: the user has not.
    """
    role = existing(Role, role_id)
    if role.server_id is None:
        demand(user_id, GLOBAL_ROLES, ScopeType.GLOBAL)
    else:
        demand(user_id, in_server, ScopeType.SERVER, role.server_id)


def visible_role(role_id: int) -> Role:
    """The role, for members of its server, or for those who manage global roles.

    Raises:
        UnknownResource: there is no such role.
        PermissionDenied: the caller is neither.
    """
    role = existing(Role, role_id)
    if role.server_id is None:
        demand(current_user_id(), GLOBAL_ROLES, ScopeType.GLOBAL)
    else:
        demand_member(role.server_id, identity())
    return role
