"""Routes of ``/control/api/locks``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.locks import service
from yoto.control_plane.locks.schemas import (
    LockQuery,
    LockReleasedSchema,
    LockReleaseSchema,
    LockSchema,
    LocksSchema,
)
from yoto.errors import UnknownResource
from yoto.http.control_api import OPERATE, VIEW, ControlBlueprint, right

locks_control = ControlBlueprint("locks_control", __name__, "/locks", "Distributed locks")


@locks_control.get("")
@right(VIEW)
@locks_control.arguments(LockQuery, location="query")
@locks_control.response(200, LocksSchema)
def list_locks(query: dict[str, Any]) -> dict[str, Any]:
    """Locks that are held for a second or more, in all workers"""
    return service.locks(query["limit"])


# Names are any text, and two slashes in a row are not one.
@locks_control.get("/<path:name>", merge_slashes=False)
@right(VIEW)
@locks_control.response(200, LockSchema)
def read_lock(name: str) -> dict[str, Any]:
    """A lock by its name, however briefly it is held; 404 when nobody holds it"""
    found = service.lock(name)
    if found is None:
        raise UnknownResource("lock", name)
    return found


@locks_control.post("/<path:name>/release", merge_slashes=False)
@right(OPERATE)
@locks_control.arguments(LockReleaseSchema)
@locks_control.response(200, LockReleasedSchema)
@locks_control.alt_response(409, "CONFLICT")
def release_lock(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Take a lock away from the holder with that token; 409 when it has another by now, or none"""
    service.release(name, body["token"], body["reason"])
    return {"name": name, "token": body["token"]}
