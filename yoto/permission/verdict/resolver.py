"""The rules of a verdict (docs/verdicts.md), from facts and a time to one mask.

Pure: no database, no clock, no framework. Two stages, so that many users of one place share the
first: ``flatten`` sums up what each role gives with all it inherits, ``resolve`` applies one
user's roles, membership status and overwrites.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from yoto.permission.registry.bits import KnownBits
from yoto.permission.verdict.facts import (
    NOWHERE,
    Assignment,
    By,
    PlaceFacts,
    RoleFacts,
    TeamFacts,
    UserFacts,
)

# The targets of overwrites by step, in the order of step 5.
EVERYONES, ROLES, OWN = "everyone", "roles", "user"


class MembershipStatus(enum.IntEnum):
    """A user's membership status in a place. Without members every user is a ``MEMBER``."""

    UNKNOWN = 0
    DISABLED = 1
    OUTSIDER = 2
    MEMBER = 3
    ADMINISTRATOR = 4
    OWNER = 5


@dataclass(frozen=True, slots=True)
class Resolution:
    """The effective permissions of one user in one place.

    Attributes:
        mask: the user's permissions.
        valid_until: epoch seconds of the next moment at which the mask may change by the mere
            passing of time; None if no such moment is known.
        status: the user's membership status here.
        base: the mask after roles and grants (step 3).
        shaped: the mask after the overwrites (step 5); without levels the same as ``base``.
        ordinary: the mask without super-admin power; differs only for super-admins.
        hidden: a gate was missing, so that nothing remained (step 6).
        timed_out: a time-out took part (step 6).
    """

    mask: int
    valid_until: float | None
    status: MembershipStatus
    base: int
    shaped: int
    ordinary: int
    hidden: bool = False
    timed_out: bool = False

    def is_there(self, belonging: bool, local: int) -> bool:
        """Whether the place exists for the user, who is in it or may do something there.

        A place that is hidden from a member of its home, such as a channel that they may not read,
        does not.

        Args:
            belonging: whether people belong to such a place.
            local: the mask of all permissions that can be granted at a node.
        """
        return bool(self.mask & local) or (belonging and self.status >= MembershipStatus.MEMBER)


class MaskStep(NamedTuple):
    """One step of the overwrites: their target, the mask before and after, and the level."""

    target: str
    before: int
    after: int
    level: int = 0


@dataclass(slots=True)
class Trace:
    """The steps of a resolution; ``resolve`` fills it on request.

    Attributes:
        held: the assigned roles that are in force, in the order of the assignments.
        assignments: these assignments.
        teams: the present teams of the user.
        steps: the overwrites (step 5), one for each ``EVERYONES``, ``ROLES`` and ``OWN``.
    """

    held: list[int] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    teams: list[TeamFacts] = field(default_factory=list)
    steps: list[MaskStep] = field(default_factory=list)


class RoleSum(NamedTuple):
    """A role together with everything it inherits."""

    of_home: bool
    allow: int
    deny: int
    local_allow: int
    local_deny: int


class FlatPlace(NamedTuple):
    """A place with its roles summed up."""

    facts: PlaceFacts
    roles: Mapping[int, RoleSum]
    default: RoleSum


NOTHING = RoleSum(False, 0, 0, 0, 0)


def flatten(place: PlaceFacts, bits: KnownBits) -> FlatPlace:
    """Sum up each role of ``place`` with its ancestors; the default role stands apart."""
    default = NOTHING
    sums = {}
    for role_id, role in place.roles.items():
        if role.is_default:
            if role.active and role.home and role.home == place.home:
                default = _add(NOTHING, role, bits, True)
        elif not role.home or role.home == place.home:
            sums[role_id] = _with_ancestors(role_id, place, bits)
    return FlatPlace(place, sums, default)


def role_closure(role_id: int, place: PlaceFacts) -> list[int]:
    """The role and all that it inherits from in ``place``, nearest first.

    The walk up ends before a role that is missing, inactive, not to be inherited from, or seen
    before; it is empty when that is the role itself.
    """
    found: dict[int, None] = {}
    newest: list[tuple[int, bool]] = [(role_id, True)]
    while newest:
        reached: list[tuple[int, bool]] = []
        for current, from_home in newest:
            role = place.roles.get(current)
            if current in found or role is None or not role.active or role.is_default:
                continue
            if role.home and (role.home != place.home or not from_home):
                continue
            found[current] = None
            reached += ((parent, bool(role.home)) for parent in role.parents)
        newest = reached
    return list(found)


def _with_ancestors(role_id: int, place: PlaceFacts, bits: KnownBits) -> RoleSum:
    of_home = bool(place.roles[role_id].home)
    total = NOTHING._replace(of_home=of_home)
    for counted in role_closure(role_id, place):
        total = _add(total, place.roles[counted], bits, bool(place.roles[counted].home))
    return total


def _add(total: RoleSum, role: RoleFacts, bits: KnownBits, of_home: bool) -> RoleSum:
    # A permission of scope global counts only when a global role grants it, outside levels.
    counted = bits.local if of_home else -1
    return RoleSum(
        total.of_home,
        total.allow | role.allow & counted,
        total.deny | role.deny & counted,
        total.local_allow | role.local_allow,
        total.local_deny | role.local_deny,
    )


def resolve(
    place: FlatPlace, user: UserFacts, now: float, bits: KnownBits, trace: Trace | None = None
) -> Resolution:
    """The permissions of ``user`` in ``place`` at ``now`` (epoch seconds).

    Args:
        trace: filled with the steps, if given.
    """
    if not user.exists or user.disabled:
        status = MembershipStatus.DISABLED if user.exists else MembershipStatus.UNKNOWN
        return Resolution(0, None, status, 0, 0, 0)

    facts, rules = place.facts, place.facts.rules
    has_home = facts.home is not None
    owner = has_home and facts.owner_id == user.user_id
    member = has_home and (user.member or owner)
    inside = member or not has_home or user.program
    for owner_id, belonging in facts.owners:
        owner = owner or (owner_id == user.user_id and (inside or not belonging))
    boundary = None

    default = place.default if member else NOTHING
    allow, deny = default.allow, default.deny
    local_allow = local_deny = 0
    for assignment in user.assignments:
        role_id, valid_from, valid_until, node, by, *_ = assignment
        role = place.roles.get(role_id)
        if role is None:
            continue
        if not inside and by != By.PUBLIC:
            # Grants at a node with members are for its members, unless the type says more.
            if role.of_home if node == NOWHERE else node not in rules.outside:
                continue
        if by == By.EVERYONE and not member:
            continue
        if valid_from is not None and valid_from > now:
            boundary = _sooner(boundary, valid_from)
            continue
        if valid_until is not None:
            if valid_until <= now:
                continue
            boundary = _sooner(boundary, valid_until)
        if trace is not None:
            trace.held.append(role_id)
            trace.assignments.append(assignment)
        # A role held at a node gives nothing that is global.
        counted = -1 if node == NOWHERE else bits.local
        allow |= role.allow & counted
        deny |= role.deny & counted
        local_allow |= role.local_allow
        local_deny |= role.local_deny
    team_allow = 0
    for team in user.teams:
        _, valid_from, valid_until, given, taken = team
        if valid_from is not None and valid_from > now:
            boundary = _sooner(boundary, valid_from)
            continue
        if valid_until is not None:
            if valid_until <= now:
                continue
            boundary = _sooner(boundary, valid_until)
        if trace is not None:
            trace.teams.append(team)
        team_allow |= given
        local_deny |= taken

    base = allow & ~deny
    hidden = timed_out = False
    if owner or base & rules.administrator:
        status = MembershipStatus.OWNER if owner else MembershipStatus.ADMINISTRATOR
        ordinary = shaped = base | bits.local
    else:
        status = MembershipStatus.MEMBER if inside else MembershipStatus.OUTSIDER
        shaped = base
        for level, shared in enumerate(rules.levels):
            shift = level * bits.width
            reach = inside or shared
            given_to_roles = local_allow >> shift & bits.local
            if reach:
                given_to_roles |= team_allow >> shift & bits.local
            # A person who left keeps denials here, not allows.
            own_allow = user.own_allow >> shift & bits.local if reach else 0
            before = shaped
            for_all = before & ~(default.local_deny >> shift & bits.local)
            for_all |= default.local_allow >> shift & bits.local
            for_roles = for_all & ~(local_deny >> shift & bits.local) | given_to_roles
            shaped = for_roles & ~(user.own_deny >> shift & bits.local) | own_allow
            if trace is not None:
                trace.steps += [
                    MaskStep(EVERYONES, before, for_all, level),
                    MaskStep(ROLES, for_all, for_roles, level),
                    MaskStep(OWN, for_roles, shaped, level),
                ]
        hidden = shaped & rules.gates != rules.gates
        ordinary = 0 if hidden else shaped
        if user.member and user.timeout_until is not None and user.timeout_until > now:
            timed_out = True
            boundary = _sooner(boundary, user.timeout_until)
            ordinary &= rules.remaining

    mask = bits.every if user.super_admin else ordinary
    return Resolution(mask, boundary, status, base, shaped, ordinary, hidden, timed_out)


def _sooner(boundary: float | None, moment: float) -> float:
    return moment if boundary is None or moment < boundary else boundary
