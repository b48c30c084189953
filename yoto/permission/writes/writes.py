"""All changes of permissions."""

from __future__ import annotations

from yoto.permission.writes.applications import ApplicationWrites
from yoto.permission.writes.assignments import Assignments
from yoto.permission.writes.declared_roles import DeclaredRoles
from yoto.permission.writes.grants import GrantWrites
from yoto.permission.writes.groups import GroupWrites
from yoto.permission.writes.holders import Holders
from yoto.permission.writes.overwrites import OverwriteWrites
from yoto.permission.writes.registration import Registration
from yoto.permission.writes.resources import ResourceWrites
from yoto.permission.writes.roles import RoleWrites
from yoto.permission.writes.teams import TeamWrites


class Writes(
    RoleWrites,
    DeclaredRoles,
    Registration,
    GrantWrites,
    GroupWrites,
    Assignments,
    Holders,
    OverwriteWrites,
    TeamWrites,
    ApplicationWrites,
    ResourceWrites,
):
    """Every change of permissions. Arguments that all writes share:

    Args:
        actor_id: the actor, bound by the grant hierarchy; None is the system itself.
        reason: the actor's own words, for the audit log.
        commit: False leaves committing, and rolling back after an error, to the caller.

    Raises:
        ValidationFailed: bad data, by field; ``UnknownResource`` for an id that names nothing.
        PermissionDenied: the actor may not; nothing was changed.
        LastAdministrator: the change would leave the platform without an administrator.
        StoreUnavailable: the database did not answer.
    """
