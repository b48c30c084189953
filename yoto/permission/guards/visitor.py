"""Queries of pages about the rights of their visitor.

A query is no use of a power: nothing is audited or recorded, and no visitor is sent to sign in.
"""

from __future__ import annotations

from flask import Flask, has_request_context, request

from yoto.nodes import NodeId
from yoto.permission.checking.deciding import decide
from yoto.permission.guards.roles_held import HeldRoles, roles_held
from yoto.permission.guards.subject import visitor_of
from yoto.permission.registry.scopes import Place, parse_key, parse_place
from yoto.permission.state import get_state, get_state_to_ask
from yoto.permission.writes.role_rules import checked_role

# The key in a request's environment of the facts read for it.
READ = "yoto.roles_held"


def has_permission(name: str, scope: str | None = None, scope_id: NodeId | None = None) -> bool:
    """Whether the visitor has the permission there, now; False without a user.

    Raises:
        ValidationFailed, UnknownPermission, UnknownResource, StoreUnavailable, MaintenanceMode: as
            ``check_permission``.
    """
    state = get_state_to_ask(name)
    key, asked = parse_key(scope, scope_id), state.registry.get(name)
    user_id = visitor_of(state)
    return user_id is not None and decide(state.quiet(), user_id, asked, key, in_full=False).allowed


def has_role(name: str, scope: str | None = None, scope_id: NodeId | None = None) -> bool:
    """Whether the visitor has a role called ``name`` there, now; False without a user.

    The role counts where it does for their permissions: assigned and in force now, active, and of
    the place (for its members) or global; roles that it inherits from count too. Being owner,
    administrator or super-admin is no role. Roles are read from the database, once a request for
    each place.

    Raises:
        ValidationFailed: a wrong place, or a malformed role name.
        UnknownResource, StoreUnavailable, MaintenanceMode: as ``check_permission``.
    """
    checked, place, state = checked_role(name, "name"), parse_place(scope, scope_id), get_state()
    user_id = visitor_of(state)
    if user_id is None:
        return False
    kept: dict[tuple[int, Place], HeldRoles]
    kept = request.environ.setdefault(READ, {}) if has_request_context() else {}
    held = kept.get((user_id, place))
    if held is None:
        held = kept[user_id, place] = roles_held(state, user_id, place)
    return checked in held.names


def init_page_globals(app: Flask) -> None:
    """Let the templates of ``app`` ask, unless it has something else of these names."""
    for ask in (has_permission, has_role):
        app.jinja_env.globals.setdefault(ask.__name__, ask)
