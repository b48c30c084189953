"""The facts of an explanation: the rows behind one verdict, each with its origin.

The resolver sees masks, which do not show the row that a bit is from. These facts keep the rows, so
that one of them can be left out or added and the verdict resolved anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from yoto.permission.loading.rights import Grant, Mark, Membership, Rights, RoleShape
from yoto.permission.loading.rows import RoleRow
from yoto.permission.loading.sites import Site
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.facts import NOWHERE, Assignment, By, PlaceFacts, UserFacts
from yoto.permission.verdict.resolver import Resolution, Trace, flatten, resolve


class Held(NamedTuple):
    """A role that the user holds, as ``Assignment``; ``since``: when given, epoch seconds."""

    role_id: int
    valid_from: float | None = None
    valid_until: float | None = None
    since: float | None = None
    node: str = NOWHERE
    by: By = By.OWN
    id: int = 0
    team_id: int | None = None

    @property
    def assignment(self) -> Assignment:
        """The assignment as a fact for the resolver."""
        return Assignment(
            self.role_id,
            self.valid_from,
            self.valid_until,
            self.node,
            self.by,
            self.id,
            self.team_id,
        )


def held_of(one: Assignment, since: float | None) -> Held:
    """An assignment, and when it was given."""
    starts, ends = one.valid_from, one.valid_until
    return Held(one.role_id, starts, ends, since, one.node, one.by, one.id, one.team_id)


class GrantRow(NamedTuple):
    """A grant that counts in the place; ``scope`` as in the table, ``group`` if through one."""

    role_id: int
    permission_id: int
    allows: bool
    scope: str
    group_id: int | None = None
    group: str | None = None


class OverwriteRow(NamedTuple):
    """An overwrite at a node; neither role nor team: the user's own."""

    role_id: int | None
    permission_id: int
    allows: bool
    place: str
    team_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExplanationFacts:
    """All facts about one user in one place.

    Attributes:
        site: the nodes around the place.
        user: standing and time-out; assignments and overwrites are in the rows below.
        username: None for an unknown id.
        roles: roles that the user holds or could be given, and all their ancestors, by id.
        teams: the teams of the user.
        offered: roles that allow the permission in question, of the home and global ones.
    """

    site: Site
    user: UserFacts
    username: str | None
    roles: Mapping[int, RoleRow]
    held: tuple[Held, ...]
    grants: tuple[GrantRow, ...]
    overwrites: tuple[OverwriteRow, ...]
    teams: tuple[Membership, ...] = ()
    offered: tuple[int, ...] = ()

    @property
    def place(self) -> Place:
        """The place of the question."""
        return self.site.place

    @property
    def home(self) -> str | None:
        """The node that people belong to."""
        return self.site.home

    @property
    def overwritten(self) -> str:
        """The node whose overwrites are in force at the place itself."""
        return self.site.overwritten[-1] if self.site.overwritten else str(self.site.place)

    def in_base(self, row: GrantRow) -> bool:
        """Whether a grant counts before the overwrites."""
        return row.scope not in self.site.levels

    def level_of(self, text: str) -> int:
        """The level of a node, or of one that lends a level its overwrites; the last of several."""
        either = zip(self.site.levels, self.site.overwritten, strict=True)
        return max((n for n, both in enumerate(either) if text in both), default=0)


def facts_of(facts: ExplanationFacts, registry: PermissionRegistry) -> tuple[PlaceFacts, UserFacts]:
    """The facts in the form for the resolver."""
    rights, user_id = Rights(), facts.user.user_id
    for role in facts.roles.values():
        rights.roles[role.id] = RoleShape(role.home, None, role.active, role.is_default)
        rights.parents[role.id] = list(role.parents)
    for grant in facts.grants:
        row = Grant(grant.role_id, grant.permission_id, grant.allows, grant.group_id)
        rights.grants[grant.scope].append(row)
    for mark in facts.overwrites:
        own = user_id if mark.role_id is None and mark.team_id is None else None
        rights.overwrites[mark.place].append(
            Mark(mark.role_id, own, mark.team_id, mark.permission_id, mark.allows)
        )
    rights.teams[user_id] = list(facts.teams)
    mask_of, width = registry.mask_of_id, registry.snapshot.bits.width
    user = rights.with_user(facts.site, facts.user, rights.marks_at(facts.site, mask_of, width))
    held = tuple(one.assignment for one in facts.held)
    roles = rights.role_facts(facts.site, mask_of, width)
    return facts.site.facts(roles, registry.snapshot), replace(user, assignments=held)


def resolve_facts(
    facts: ExplanationFacts, registry: PermissionRegistry, now: float, trace: Trace | None = None
) -> Resolution:
    """The resolution that follows from the facts, by the one resolver."""
    place, user = facts_of(facts, registry)
    bits = registry.snapshot.bits
    return resolve(flatten(place, bits), user, now, bits, trace)
