"""The rules of a verdict (docs/verdicts.md), from facts and a time to one mask.

Pure: no database, no clock, no framework. Two stages, so that many users of one place share the
first: ``flatten`` sums up what each role gives with all it inherits, ``resolve`` applies one
user's roles, standing and overwrites.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from yoto.permission.bits import KnownBits
from yoto.permission.facts import PlaceFacts, RoleFacts, UserFacts
from yoto.permission.scopes import CATEGORY
from yoto.store.models import ScopeType

CHANNEL_KINDS = frozenset({ScopeType.CHANNEL.value, CATEGORY})

# Whose overwrites a step applies, in the order of step 5.
EVERYONES, ROLES, OWN = "everyone", "roles", "user"


class Standing(enum.IntEnum):
    """What somebody is in a place. In the global scope everybody is a ``MEMBER``."""

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
        mask: what the user may do.
        valid_until: epoch seconds of the next moment at which the mask may change by the mere
            passing of time; None if no such moment is known.
        standing: what the user is here.
        base: the mask after roles and grants (step 3).
        shaped: the mask after the overwrites (step 5); in a server the same as ``base``.
        ordinary: the mask without the user's being super-admin; differs only for super-admins.
        hidden: ``channel.read`` was missing, so that nothing in the channel remained (step 6).
        timed_out: a time-out took part (step 6).
    """

    mask: int
    valid_until: float | None
    standing: Standing
    base: int
    shaped: int
    ordinary: int
    hidden: bool = False
    timed_out: bool = False


class Step(NamedTuple):
    """One step of the overwrites: whose they are, and the mask before and after."""

    target: str
    before: int
    after: int


@dataclass(slots=True)
class Trace:
    """How a resolution came about; ``resolve`` fills it for whoever asks.

    Attributes:
        held: the assigned roles that are in force, in the order of the assignments.
        steps: the overwrites (step 5), one for each ``EVERYONES``, ``ROLES`` and ``OWN``.
    """

    held: list[int] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


class RoleSum(NamedTuple):
    """A role together with everything it inherits."""

    of_server: bool
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
            if role.active and role.server_id == place.server_id is not None:
                default = _add(NOTHING, role, bits)
        elif role.server_id is None or role.server_id == place.server_id:
            sums[role_id] = _with_ancestors(role_id, place, bits)
    return FlatPlace(place, sums, default)


def lineage(role_id: int, place: PlaceFacts) -> list[int]:
    """The role and all that it inherits from in ``place``, nearest first.

    The walk up ends before a role that is missing, inactive, not to be inherited from, or seen
    before; it is empty when that is the role itself.
    """
    found: dict[int, None] = {}
    current: int | None = role_id
    child: RoleFacts | None = None
    while current is not None and current not in found:
        role = place.roles.get(current)
        if role is None or not role.active or role.is_default:
            break
        if role.server_id is not None:
            if role.server_id != place.server_id or (child and child.server_id is None):
                break
        found[current] = None
        child, current = role, role.parent_id
    return list(found)


def _with_ancestors(role_id: int, place: PlaceFacts, bits: KnownBits) -> RoleSum:
    total = NOTHING._replace(of_server=place.roles[role_id].server_id is not None)
    for counted in lineage(role_id, place):
        total = _add(total, place.roles[counted], bits)
    return total


def _add(total: RoleSum, role: RoleFacts, bits: KnownBits) -> RoleSum:
    # A permission of scope global counts only when a global role grants it, outside channels.
    counted = -1 if role.server_id is None else bits.local
    return RoleSum(
        total.of_server,
        total.allow | role.allow & counted,
        total.deny | role.deny & counted,
        total.local_allow | role.local_allow & bits.local,
        total.local_deny | role.local_deny & bits.local,
    )


def resolve(
    place: FlatPlace, user: UserFacts, now: float, bits: KnownBits, trace: Trace | None = None
) -> Resolution:
    """What ``user`` may do in ``place`` at ``now`` (epoch seconds).

    Args:
        trace: filled with how it came about, for whoever wants to know.
    """
    if not user.exists or user.disabled:
        standing = Standing.DISABLED if user.exists else Standing.UNKNOWN
        return Resolution(0, None, standing, 0, 0, 0)

    facts = place.facts
    in_server = facts.server_id is not None
    owner = in_server and facts.owner_id == user.user_id
    member = in_server and (user.member or owner)
    boundary = None

    default = place.default if member else NOTHING
    allow, deny = default.allow, default.deny
    local_allow = local_deny = 0
    for role_id, valid_from, valid_until in user.assignments:
        role = place.roles.get(role_id)
        if role is None or (role.of_server and not member):
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
        allow |= role.allow
        deny |= role.deny
        local_allow |= role.local_allow
        local_deny |= role.local_deny

    base = allow & ~deny
    hidden = timed_out = False
    if owner or (in_server and base & bits.administrator):
        standing = Standing.OWNER if owner else Standing.ADMINISTRATOR
        ordinary = shaped = base | bits.local
    else:
        standing = Standing.MEMBER if member or not in_server else Standing.OUTSIDER
        shaped = base
        if facts.kind in CHANNEL_KINDS:
            for_all = base & ~default.local_deny | default.local_allow
            for_roles = for_all & ~local_deny | local_allow
            # Somebody who left keeps what was taken from them here, not what was given to them.
            own_allow = user.own_allow & bits.local if member else 0
            shaped = for_roles & ~(user.own_deny & bits.local) | own_allow
            if trace is not None:
                trace.steps += [
                    Step(EVERYONES, base, for_all),
                    Step(ROLES, for_all, for_roles),
                    Step(OWN, for_roles, shaped),
                ]
            hidden = not shaped & bits.read
        ordinary = 0 if hidden else shaped
        if member and user.timeout_until is not None and user.timeout_until > now:
            timed_out = True
            boundary = _sooner(boundary, user.timeout_until)
            ordinary &= bits.read | bits.history

    mask = bits.every if user.super_admin else ordinary
    return Resolution(mask, boundary, standing, base, shaped, ordinary, hidden, timed_out)


def _sooner(boundary: float | None, moment: float) -> float:
    return moment if boundary is None or moment < boundary else boundary
