"""A place that a caller may not see does not exist for them: they get the same 404 in the same
time.

Private servers, channels that the caller may not read, roles of such servers, and resources of all
other types where the caller may do nothing are hidden in one place: any 403 about one of them
becomes the 404 of an unknown id.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from time import perf_counter

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError

from yoto.auth.identity import current_user_id
from yoto.errors import PermissionDenied, UnknownResource
from yoto.extensions import permissions
from yoto.http.database_problems import problem_of
from yoto.nodes import NodeId, place_of_text
from yoto.permission import SEES_ALL, Place, is_public
from yoto.request.context import current_record, note_outcome
from yoto.store.db import db
from yoto.store.models import NOWHERE, Role, ScopeType
from yoto.store.resources import known_types

# Resources in addresses, from the outermost inwards.
NAMED = {"server_id": "server", "channel_id": "channel", "role_id": "role"}
API = "/api/v1/"
GLOBAL_ROLES = "admin.roles"
# Seconds. A 404 leaves at the next multiple of it since the request came, because the time of the
# look-up differs by some ms, which would reveal hidden resources.
STEP = 0.02


def init_visibility(app: Flask) -> None:
    """Turn refusals about hidden resources into "not found"."""
    app.register_error_handler(PermissionDenied, _denied)
    app.register_error_handler(UnknownResource, unknown)


def sees(user_id: int, scope: str, scope_id: NodeId | None) -> bool:
    """Whether a user can see a place. Everyone can see the platform.

    A server, or any other resource with members, is visible to its members, to users with a
    permission in it, and to all if it is public. A channel, or any other node, is visible to users
    with a permission there, which takes its gate. Auditors of the platform can see all of them.

    Raises:
        UnknownResource: it does not exist.
    """
    if scope == ScopeType.GLOBAL or permissions.has_place(user_id, scope, scope_id):
        return True
    if is_public(db.session(), Place(scope, scope_id)):
        return True
    return permissions.check_permission(user_id, SEES_ALL)


def demand_sight(user_id: int, places: Iterable[Place]) -> None:
    """Demand that a user can see all these places.

    Raises:
        UnknownResource: one is hidden or does not exist.
    """
    for place in dict.fromkeys(places):
        if not sees(user_id, place.kind, place.id):
            assert place.id is not None
            raise UnknownResource(place.kind, place.id)


def _sees_role(user_id: int, role_id: int) -> bool:
    """Whether a user can see a role: members of its home can; global ones only their managers."""
    role = db.session.get(Role, role_id)
    if role is None:
        return False
    if role.home == NOWHERE:
        return permissions.check_permission(user_id, GLOBAL_ROLES)
    return permissions.has_place(user_id, *place_of_text(role.home))


def _denied(error: PermissionDenied) -> Response:
    try:
        hidden = _hidden()
    except Exception as failure:
        # An error in a handler reaches no other handler: an unavailable store would be a 500.
        return problem_of(failure)
    if hidden is None:
        return problem_of(error)
    # Readers of the process log may see the true reason.
    reason = str(getattr(error.decision, "reason", error.decision))
    note_outcome(reason=reason, permission=error.permission)
    return unknown(hidden)


def _hidden() -> UnknownResource | None:
    """The outermost resource in the address that is hidden from the caller."""
    if request.path.startswith(API):
        for name, kind in NAMED.items():
            named = (request.view_args or {}).get(name)
            if named is not None and not _is_there(kind, named):
                return UnknownResource(kind, named)
    return None


def _is_there(kind: str, id_: int) -> bool:
    """Whether the caller can see a resource in the address."""
    try:
        if kind == "role":
            return _sees_role(current_user_id(), id_)
        return sees(current_user_id(), kind, id_)
    except UnknownResource:
        return False


def unknown(error: UnknownResource) -> Response:
    """The response for a missing or hidden resource: both take the same time."""
    answer = problem_of(error)
    known = error.kind in NAMED.values() or known_types().find(error.kind) is not None
    if known and request.path.startswith(API):
        # A waiting request must hold neither locks nor a connection.
        with suppress(SQLAlchemyError):
            db.session.rollback()
        time.sleep(STEP - (perf_counter() - current_record().began) % STEP)
    return answer
