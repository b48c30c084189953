"""Collects the rows of a load, and turns them into facts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from yoto.permission.loading.rights_sql import (
    ASSIGNMENT,
    GRANT,
    NAME_COLUMNS,
    OVERWRITE,
    PARENT,
    ROLE,
    TEAM,
)
from yoto.permission.loading.sites import Site
from yoto.permission.verdict.facts import NOWHERE, Assignment, By, RoleFacts, TeamFacts, UserFacts

MaskOf = Callable[[int], int]
ALLOW, DENY, LOCAL_ALLOW, LOCAL_DENY = range(4)
_NAMES = len(NAME_COLUMNS)


class RoleShape(NamedTuple):
    """A role without its grants."""

    home: str
    parent_id: int | None
    active: bool
    is_default: bool


class Grant(NamedTuple):
    """A permission that a role allows or denies in a scope; with ``group``, through that group."""

    role_id: int
    permission_id: int
    allows: bool
    group_id: int | None


class Mark(NamedTuple):
    """An overwrite, with one of its three targets."""

    role_id: int | None
    user_id: int | None
    team_id: int | None
    permission_id: int
    allows: bool


class Membership(NamedTuple):
    """A person's membership of a team, direct or through a team below it."""

    team_id: int
    valid_from: float | None
    valid_until: float | None


class Marks(NamedTuple):
    """The masks that overwrites allow and deny at a site, by person and by team."""

    own: Mapping[int, Sequence[int]]
    of_teams: Mapping[int, Sequence[int]]


NO_MARKS = (0, 0)


def epoch(moment: datetime | None) -> float | None:
    """Epoch seconds."""
    return None if moment is None else moment.timestamp()


class Rights:
    """The stored rights of some people at some nodes.

    Attributes:
        roles, parents: by id; parents beside the first one.
        grants: by scope; overwrites: by node.
        own, teams: by person.
        crowds: assignments to everybody; of_teams: by team.
        names, attributes: names of roles and attributes of assignments, by id, if they were read.
    """

    def __init__(self, rows: Iterable[Sequence[Any]] = ()) -> None:
        self.roles: dict[int, RoleShape] = {}
        self.parents: defaultdict[int, list[int]] = defaultdict(list)
        self.grants: defaultdict[str, list[Grant]] = defaultdict(list)
        self.overwrites: defaultdict[str, list[Mark]] = defaultdict(list)
        self.own: defaultdict[int, list[Assignment]] = defaultdict(list)
        self.teams: defaultdict[int, list[Membership]] = defaultdict(list)
        self.crowds: list[Assignment] = []
        self.of_teams: defaultdict[int, list[Assignment]] = defaultdict(list)
        self.names: dict[int, str] = {}
        self.attributes: dict[int, Any] = {}
        for kind, a, b, c, d, e, node, starts, ends in rows:
            if kind == GRANT:
                if b is not None:
                    self.grants[node].append(Grant(a, b, bool(c), d))
            elif kind == OVERWRITE:
                if b is not None:
                    self.overwrites[node].append(Mark(a, d, e, b, bool(c)))
            elif kind == ROLE:
                if a is not None:
                    self.roles[a] = RoleShape(node, b, bool(c), bool(d))
            elif kind == ASSIGNMENT:
                self._assigned(a, Assignment(b, epoch(starts), epoch(ends), node, By(c), e or 0, d))
            elif kind == TEAM:
                self.teams[a].append(Membership(b, epoch(starts), epoch(ends)))
            elif kind == PARENT:
                self.parents[a].append(b)

    @classmethod
    def with_names(cls, rows: Iterable[Sequence[Any]]) -> Rights:
        """Rights from rows that have names and attributes, too."""
        found = list(rows)
        rights = cls(row[:-_NAMES] for row in found)
        for kind, a, *_, e, _node, _starts, _ends, name, attributes in found:
            if kind == ROLE and a is not None:
                rights.names[a] = name
            elif kind == ASSIGNMENT and attributes is not None:
                rights.attributes[e] = json.loads(attributes)
        return rights

    def _assigned(self, user_id: int | None, assignment: Assignment) -> None:
        if assignment.by in (By.OWN, By.PROVIDER):
            assert user_id is not None
            self.own[user_id].append(assignment)
        elif assignment.by is By.TEAM:
            assert assignment.team_id is not None
            self.of_teams[assignment.team_id].append(assignment)
        else:
            self.crowds.append(assignment)

    def parents_of(self, role_id: int) -> tuple[int, ...]:
        """All roles that a role inherits from."""
        first = self.roles[role_id].parent_id
        others = self.parents.get(role_id, ())
        return (*others,) if first is None else (first, *others)

    def role_facts(self, site: Site, mask_of: MaskOf, width: int) -> dict[int, RoleFacts]:
        """The roles as they count at a site."""
        masks: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for scope in ("global", *site.upper):
            for grant in self.grants.get(scope, ()):
                masks[grant.role_id][not grant.allows] |= mask_of(grant.permission_id)
        for level, (node, place) in enumerate(zip(site.levels, site.overwritten, strict=True)):
            shift = level * width
            for grant in self.grants.get(node, ()):
                side = LOCAL_ALLOW if grant.allows else LOCAL_DENY
                masks[grant.role_id][side] |= mask_of(grant.permission_id) << shift
            for mark in self.overwrites.get(place, ()):
                if mark.role_id is not None:
                    side = LOCAL_ALLOW if mark.allows else LOCAL_DENY
                    masks[mark.role_id][side] |= mask_of(mark.permission_id) << shift
        nothing = (0, 0, 0, 0)
        return {
            role_id: RoleFacts(
                shape.home,
                self.parents_of(role_id),
                shape.active,
                shape.is_default,
                *masks.get(role_id, nothing),
            )
            for role_id, shape in self.roles.items()
        }

    def marks_at(self, site: Site, mask_of: MaskOf, width: int) -> Marks:
        """The overwrites of people and teams at a site."""
        own: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        of_teams: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        for level, place in enumerate(site.overwritten):
            for mark in self.overwrites.get(place, ()):
                if mark.user_id is not None:
                    target = own[mark.user_id]
                elif mark.team_id is not None:
                    target = of_teams[mark.team_id]
                else:
                    continue
                target[not mark.allows] |= mask_of(mark.permission_id) << level * width
        return Marks(own, of_teams)

    def with_user(self, site: Site, person: UserFacts, marks: Marks) -> UserFacts:
        """The facts of a user at a site, with the roles and overwrites that they hold there.

        Args:
            marks: those of ``marks_at``.
        """
        user_id = person.user_id
        own_allow, own_deny = marks.own.get(user_id, NO_MARKS)
        return UserFacts(
            user_id,
            person.exists,
            person.disabled,
            person.super_admin,
            person.member,
            person.timeout_until,
            tuple(self.held_at(site, user_id)),
            own_allow,
            own_deny,
            tuple(
                TeamFacts(*one, *marks.of_teams.get(one.team_id, NO_MARKS))
                for one in self.teams.get(user_id, ())
            ),
            person.program,
            person.public,
        )

    def held_at(self, site: Site, user_id: int) -> Iterator[Assignment]:
        """Assignments that concern a user at a site, in force or not."""
        here = {NOWHERE, *site.holding}
        for held in (*self.own.get(user_id, ()), *self.crowds):
            if held.node in here and held.role_id in self.roles:
                yield held
        for team_id, starts, ends in self.teams.get(user_id, ()):
            for held in self.of_teams.get(team_id, ()):
                if held.node in here and held.role_id in self.roles:
                    yield within(held, starts, ends)


def within(held: Assignment, starts: float | None, ends: float | None) -> Assignment:
    """The assignment, limited to this time window."""
    return held._replace(
        valid_from=_later(held.valid_from, starts), valid_until=_sooner(held.valid_until, ends)
    )


def _later(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _sooner(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
