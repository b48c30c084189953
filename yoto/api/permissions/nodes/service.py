"""Assignments and overwrites at resources of any type, for callers who may make them.

Administrators and owners of a resource, or of a resource above it, may hand out rights there, and
managers of global roles may everywhere. A permission by which its type shares a role lets its
holder give and take that role. The permission system decides which rights each of them may give,
and to whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yoto.api.permissions.checks.service import Question, demand_insight
from yoto.api.visibility import demand_sight
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.extensions import permissions
from yoto.permission import MembershipStatus, Place, Team, subject_of_text, subject_text

GLOBAL_ROLES = "admin.roles"
NOT_YOURS = "not_administrator"


def holders(caller_id: int, place: Place) -> list[dict[str, Any]]:
    """The holders of roles at a resource itself.

    Raises:
        PermissionDenied: the caller may not know about others there.
        UnknownResource: it does not exist, or is hidden from the caller.
    """
    demand_insight(caller_id, [Question("", *place)])
    permissions.sites_of([place])
    return [
        one._asdict() | {"subject": subject_text(one.subject)}
        for one in permissions.holders(*place)
    ]


def assign(caller_id: int, asked: Mapping[str, Any]) -> None:
    """Let a subject hold a role there.

    Raises:
        PermissionDenied: the caller may not hand out rights there, or not these.
        ValidationFailed, UnknownResource: as ``PermissionSystem.assign``.
    """
    permissions.assign(
        subject_of_text(asked["subject"]),
        asked["role_id"],
        _handed_out(caller_id, asked),
        asked["valid_from"],
        asked["valid_until"],
        here_only=asked["here_only"],
        actor_id=caller_id,
        reason=asked["reason"],
    )


def unassign(caller_id: int, asked: Mapping[str, Any]) -> None:
    """Take the role from a subject there; raises as ``assign``."""
    permissions.unassign(
        subject_of_text(asked["subject"]),
        asked["role_id"],
        _handed_out(caller_id, asked),
        actor_id=caller_id,
        reason=asked["reason"],
    )


def overwrite(caller_id: int, asked: Mapping[str, Any]) -> None:
    """Set all overwrites of a target there; raises as ``assign``."""
    permissions.set_overwrite(
        at=managed(caller_id, Place(asked["scope"], asked["scope_id"])),
        **_target(asked["target"]),
        allow=asked["allow"],
        deny=asked["deny"],
        actor_id=caller_id,
        reason=asked["reason"],
    )


def clear(caller_id: int, asked: Mapping[str, Any]) -> None:
    """Remove all overwrites of a target there; raises as ``assign``."""
    permissions.clear_overwrite(
        at=managed(caller_id, Place(asked["scope"], asked["scope_id"])),
        **_target(asked["target"]),
        actor_id=caller_id,
        reason=asked["reason"],
    )


def managed(caller_id: int, place: Place) -> Place:
    """The place, if the caller may hand out rights there; raises as ``assign``."""
    if not _manages(caller_id, place):
        raise PermissionDenied(NOT_YOURS, GLOBAL_ROLES)
    return place


def _manages(caller_id: int, place: Place) -> bool:
    """Whether the caller may hand out rights at a place, which they must be able to see.

    Raises:
        UnknownResource: they cannot.
    """
    if permissions.check_permission(caller_id, GLOBAL_ROLES):
        return True
    demand_sight(caller_id, [place])
    return permissions.effective(caller_id, *place).status >= MembershipStatus.ADMINISTRATOR


def _handed_out(caller_id: int, asked: Mapping[str, Any]) -> Place:
    """The place where a role is to be given or taken, if the caller may hand out rights there, or
    may share that role and no policy denies it; raises as ``assign``.
    """
    place = Place(asked["scope"], asked["scope_id"])
    if not _manages(caller_id, place):
        by = permissions.shared_by(caller_id, asked["role_id"], place)
        if not any(permissions.check_permission(caller_id, one, *place) for one in by):
            raise PermissionDenied(NOT_YOURS, GLOBAL_ROLES)
    return place


def _target(text: str) -> dict[str, Any]:
    """The target of an overwrite, as the permission system takes it."""
    kind, _, digits = text.partition(":")
    if kind == "role" and digits.isascii() and digits.isdecimal() and len(digits) < 20:
        return {"role_id": int(digits)}
    found = subject_of_text(text, "target")
    if isinstance(found, Team):
        return {"team_id": found.id}
    if kind not in ("user", "application"):
        raise ValidationFailed({"target": "must be a role, a person, a program or a team"})
    return {"user_id": found}
