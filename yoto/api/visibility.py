"""What somebody may not see does not exist for them: the same 404 in the same time.

Servers that are private, channels that somebody may not read, roles of such servers, and resources
of all other types where somebody may do nothing are refused in one place: whatever refused, a 403
about one of them leaves as the 404 of an id that names nothing.
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

# What addresses name, from the outside inwards.
NAMED = {"server_id": "server", "channel_id": "channel", "role_id": "role"}
API = "/api/v1/"
GLOBAL_ROLES = "admin.roles"
# Seconds. An answer that something is not there leaves at the next multiple of it since the request
# came: how long it took to find out differs by some ms, which would tell what is hidden.
STEP = 0.02


def init_visibility(app: Flask) -> None:
    """Turn what refuses into what knows nothing, where that is all that the caller may know."""
    app.register_error_handler(PermissionDenied, _denied)
    app.register_error_handler(UnknownResource, unknown)


def sees(user_id: int, scope: str, scope_id: NodeId | None) -> bool:
    """Whether a place is there for somebody. The platform is there for everybody.

    A server is for its members, for who may do something in it, and for all if it is public; so is
    whatever else people belong to. A channel, or any other node, is for who may do something there,
    which takes its gate; all of them for who may audit the platform.

    Raises:
        UnknownResource: it is there for nobody.
    """
    if scope == ScopeType.GLOBAL or permissions.has_place(user_id, scope, scope_id):
        return True
    if is_public(db.session(), Place(scope, scope_id)):
        return True
    return permissions.check_permission(user_id, SEES_ALL)


def demand_sight(user_id: int, places: Iterable[Place]) -> None:
    """Go on only with places that are there for somebody.

    Raises:
        UnknownResource: one is not.
    """
    for place in dict.fromkeys(places):
        if not sees(user_id, place.kind, place.id):
            assert place.id is not None
            raise UnknownResource(place.kind, place.id)


def _sees_role(user_id: int, role_id: int) -> bool:
    """Roles are listed for members of their home, global ones for who manages those."""
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
        # What fails in a handler reaches no other: a store that is away would be a 500.
        return problem_of(failure)
    if hidden is None:
        return problem_of(error)
    # Those who read the log may know.
    reason = str(getattr(error.decision, "reason", error.decision))
    note_outcome(reason=reason, permission=error.permission)
    return unknown(hidden)


def _hidden() -> UnknownResource | None:
    """The outermost of what the address names that is not there for the caller."""
    if request.path.startswith(API):
        for name, kind in NAMED.items():
            named = (request.view_args or {}).get(name)
            if named is not None and not _is_there(kind, named):
                return UnknownResource(kind, named)
    return None


def _is_there(kind: str, id_: int) -> bool:
    """Whether what the address names is there for the caller."""
    try:
        if kind == "role":
            return _sees_role(current_user_id(), id_)
        return sees(current_user_id(), kind, id_)
    except UnknownResource:
        return False


def unknown(error: UnknownResource) -> Response:
    """The answer that something is not there, or not for the caller: both take the same time."""
    answer = problem_of(error)
    known = error.kind in NAMED.values() or known_types().find(error.kind) is not None
    if known and request.path.startswith(API):
        # Who waits holds neither locks nor a connection that others wait for.
        with suppress(SQLAlchemyError):
            db.session.rollback()
        time.sleep(STEP - (perf_counter() - current_record().began) % STEP)
    return answer
