"""What an explanation is made of: the rows behind one verdict, each with its origin.

The resolver sees masks, in which it no longer shows which row a bit is from. Evidence keeps the
rows, so that one of them can be left out or added and the verdict resolved anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from yoto.permission.facts import Assignment, PlaceFacts, UserFacts
from yoto.permission.gathering import RoleGatherer
from yoto.permission.registry import PermissionRegistry
from yoto.permission.resolver import Resolution, Trace, flatten, resolve
from yoto.permission.scopes import Place
from yoto.permission.statements import CHANNEL


class Held(NamedTuple):
    """A role assigned to the user. Times are epoch seconds; None: no bound."""

    role_id: int
    valid_from: float | None = None
    valid_until: float | None = None
    since: float | None = None


class RoleRow(NamedTuple):
    """A role, whether in force or not."""

    id: int
    server_id: int | None
    parent_id: int | None
    active: bool
    is_default: bool
    name: str


class GrantRow(NamedTuple):
    """A grant that counts in the place; ``scope`` as in the table, ``group`` if through one."""

    role_id: int
    permission_id: int
    allows: bool
    scope: str
    group_id: int | None = None
    group: str | None = None

    @property
    def in_channel(self) -> bool:
        return self.scope.startswith(CHANNEL)


class OverwriteRow(NamedTuple):
    """An overwrite in force in the place; no role: the user's own."""

    role_id: int | None
    permission_id: int
    allows: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that bears on one user in one place.

    Attributes:
        owner_id: of the server that the place is or is part of.
        overwritten: whose overwrites are in force: the category in sync, or the place itself.
        user: standing and time-out; assignments and overwrites are in the rows below.
        username: None for an id that names nobody.
        roles: those that the user holds or could be given, and all their ancestors, by id.
        offered: roles that allow the permission in question and that the user does not hold.
    """

    place: Place
    server_id: int | None
    owner_id: int | None
    overwritten: Place
    user: UserFacts
    username: str | None
    roles: Mapping[int, RoleRow]
    held: tuple[Held, ...]
    grants: tuple[GrantRow, ...]
    overwrites: tuple[OverwriteRow, ...]
    offered: tuple[int, ...] = ()


def facts_of(evidence: Evidence, registry: PermissionRegistry) -> tuple[PlaceFacts, UserFacts]:
    """The same as the resolver is told."""
    gatherer = RoleGatherer(registry.mask_of_id)
    for role in evidence.roles.values():
        gatherer.role(role.id, role.server_id, role.parent_id, role.active, role.is_default)
    for grant in evidence.grants:
        gatherer.grant(grant.role_id, grant.permission_id, grant.allows, grant.in_channel)
    own = [0, 0]
    for row in evidence.overwrites:
        if row.role_id is None:
            own[0 if row.allows else 1] |= registry.mask_of_id(row.permission_id)
        else:
            gatherer.grant(row.role_id, row.permission_id, row.allows, True)
    place = PlaceFacts(evidence.place.kind, evidence.server_id, evidence.owner_id, gatherer.roles())
    user = replace(
        evidence.user,
        assignments=tuple(
            Assignment(held.role_id, held.valid_from, held.valid_until) for held in evidence.held
        ),
        own_allow=own[0],
        own_deny=own[1],
    )
    return place, user


def resolve_evidence(
    evidence: Evidence, registry: PermissionRegistry, now: float, trace: Trace | None = None
) -> Resolution:
    """The resolution that follows from the evidence, by the one resolver."""
    place, user = facts_of(evidence, registry)
    bits = registry.snapshot.bits
    return resolve(flatten(place, bits), user, now, bits, trace)
