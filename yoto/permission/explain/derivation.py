"""From the facts and the resolver's trace to the links of an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from yoto.nodes import node_held_at, shown_text
from yoto.permission.explain.facts import ExplanationFacts, Held, OverwriteRow, facts_of
from yoto.permission.explain.report import GrantLink, OverwriteLink, OverwriteStep, RoleLink
from yoto.permission.registry.bits import KnownBits
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.verdict.facts import By, UserFacts
from yoto.permission.verdict.resolver import (
    FlatPlace,
    Resolution,
    Trace,
    flatten,
    resolve,
    role_closure,
)
from yoto.permission.ways.deriving import Denials, belongs

ALLOW, DENY = "allow", "deny"
IN_FORCE, NOT_YET, OVER = "in_force", "not_yet", "over"
INACTIVE, NOT_MEMBER, NOT_INHERITED = "inactive", "not_member", "not_inherited"
ASSIGNMENT, INHERITANCE, DEFAULT = "assignment", "inheritance", "default"


@dataclass(frozen=True, slots=True)
class Derivation:
    """One resolution with the steps that led to it.

    Attributes:
        in_force: the roles that count, the default one among them.
    """

    facts: ExplanationFacts
    now: float
    bits: KnownBits
    resolution: Resolution
    trace: Trace
    place: FlatPlace
    user: UserFacts
    in_force: frozenset[int]

    @classmethod
    def of(cls, facts: ExplanationFacts, registry: PermissionRegistry, now: float) -> Derivation:
        """Resolve the facts and keep the steps."""
        place, user = facts_of(facts, registry)
        bits, trace = registry.snapshot.bits, Trace()
        flat = flatten(place, bits)
        resolution = resolve(flat, user, now, bits, trace)
        in_force = {role_id for held in trace.held for role_id in role_closure(held, place)}
        if belongs(place, user):
            in_force |= {
                role.id
                for role in facts.roles.values()
                if role.is_default and role.active and role.home == facts.home
            }
        return cls(facts, now, bits, resolution, trace, flat, user, frozenset(in_force))

    def denials(self, permission: RegisteredPermission) -> Denials:
        """The denials of a permission that are in force."""
        return Denials.of(self.place, self.user, self.trace, self.bits, permission.mask)

    def counts(self, row: OverwriteRow) -> bool:
        """Whether an overwrite applies to the user now, within the team's time window."""
        if row.role_id is not None:
            return row.role_id in self.in_force
        return row.team_id is None or any(
            (team.valid_from is None or team.valid_from <= self.now)
            and (team.valid_until is None or self.now < team.valid_until)
            for team in self.facts.teams
            if team.team_id == row.team_id
        )


def role_links(derivation: Derivation) -> Iterator[RoleLink]:
    """The roles by assignment, each with its ancestors, then the default role."""
    roles = derivation.facts.roles
    for held in derivation.facts.held:
        role = roles[held.role_id]
        if role.is_default:
            continue
        status = _status(derivation, held)
        times = (moment(held.valid_from), moment(held.valid_until), moment(held.since))
        through = None if held.by is By.OWN else held.by.name.lower()
        if held.team_id is not None:
            through = f"team:{held.team_id}"
        node = node_held_at(held.node)
        at, alone = shown_text(node) or None, node != held.node
        yield RoleLink(role.id, role.name, ASSIGNMENT, None, status, *times, at, through, alone)
        line = role_closure(role.id, derivation.place.facts)
        for parent in line[1:]:
            child = next(one for one in line if parent in roles[one].parents)
            yield RoleLink(parent, roles[parent].name, INHERITANCE, child, status)
        yield from _broken_links(derivation, line)
    for role in roles.values():
        if role.is_default and role.home == derivation.facts.home:
            status = IN_FORCE if role.id in derivation.in_force else INACTIVE
            if not belongs(derivation.place.facts, derivation.user):
                status = NOT_MEMBER
            yield RoleLink(role.id, role.name, DEFAULT, None, status)


def _status(derivation: Derivation, held: Held) -> str:
    now, role = derivation.now, derivation.facts.roles[held.role_id]
    if held.assignment in derivation.trace.assignments:
        return IN_FORCE if role.active else INACTIVE
    if held.valid_from is not None and held.valid_from > now:
        return NOT_YET
    if held.valid_until is not None and held.valid_until <= now:
        return OVER
    return NOT_MEMBER


def _broken_links(derivation: Derivation, line: list[int]) -> Iterator[RoleLink]:
    """Parents at which the line ends although they exist: switched off, or of another home."""
    roles = derivation.facts.roles
    for child in line:
        for parent_id in roles[child].parents:
            parent = roles.get(parent_id)
            if parent is not None and parent.id not in line:
                status = NOT_INHERITED if parent.active else INACTIVE
                yield RoleLink(parent.id, parent.name, INHERITANCE, child, status)


def related(
    derivation: Derivation, permission: RegisteredPermission, registry: PermissionRegistry
) -> dict[int, str]:
    """Ids and names of the permissions that bear on ``permission`` in this place."""
    names = [permission.name]
    for one in derivation.facts.site.types:
        names += [name for name in (one.administrator, one.gate) if name is not None]
    known = registry.snapshot.by_name
    return {known[name].id: name for name in names if name in known}


def grant_links(derivation: Derivation, names: dict[int, str]) -> Iterator[GrantLink]:
    """The grants about these permissions to roles that the user holds, in force or not."""
    held = _held_roles(derivation)
    for row in derivation.facts.grants:
        if row.permission_id in names and row.role_id in held:
            yield GrantLink(
                row.role_id,
                names[row.permission_id],
                ALLOW if row.allows else DENY,
                shown_text(row.scope),
                row.group,
                row.role_id in derivation.in_force,
            )


def overwrite_links(derivation: Derivation, names: dict[int, str]) -> Iterator[OverwriteLink]:
    """The overwrites about these permissions, like ``grant_links``."""
    held, user_id = _held_roles(derivation), derivation.facts.user.user_id
    for row in derivation.facts.overwrites:
        if row.permission_id not in names or row.role_id not in (None, *held):
            continue
        target = f"user:{user_id}" if row.role_id is None else f"role:{row.role_id}"
        if row.team_id is not None:
            target = f"team:{row.team_id}"
        effect, counts = ALLOW if row.allows else DENY, derivation.counts(row)
        place = shown_text(row.place)
        yield OverwriteLink(target, names[row.permission_id], effect, counts, place)


def _held_roles(derivation: Derivation) -> set[int]:
    """The roles of the user with all their ancestors, and the default role."""
    roles, home = derivation.facts.roles, derivation.facts.home
    found = {role.id for role in roles.values() if role.is_default and role.home == home}
    newest = {held.role_id for held in derivation.facts.held}
    while newest:
        newest = (newest & roles.keys()) - found
        found |= newest
        newest = {parent for role_id in newest for parent in roles[role_id].parents}
    return found


def overwrite_steps(
    derivation: Derivation, permission: RegisteredPermission, registry: PermissionRegistry
) -> Iterator[OverwriteStep]:
    """The steps of the resolver, with the changes of each."""
    for step in derivation.trace.steps:
        yield OverwriteStep(
            step.target,
            gave=names_in(registry, step.after & ~step.before),
            took=names_in(registry, step.before & ~step.after),
            before=bool(step.before & permission.mask),
            after=bool(step.after & permission.mask),
            place=shown_text(derivation.facts.site.overwritten[step.level]),
        )


def missing_gates(derivation: Derivation, registry: PermissionRegistry) -> tuple[str, ...]:
    """The missing permissions without which nothing else remains."""
    resolution, snapshot = derivation.resolution, registry.snapshot
    if not resolution.hidden:
        return ()
    gates = dict.fromkeys(one.gate for one in derivation.facts.site.types if one.gate)
    return tuple(name for name in gates if not resolution.shaped & snapshot.mask_named(name))


def left_by_time_out(derivation: Derivation) -> tuple[str, ...]:
    """The permissions that a user keeps in a time-out, by the rules of the types."""
    if not derivation.resolution.timed_out:
        return ()
    types = derivation.facts.site.types
    return tuple(dict.fromkeys(name for one in types for name in one.remaining))


def names_in(registry: PermissionRegistry, mask: int) -> tuple[str, ...]:
    """The names of the permissions in ``mask``, by bit."""
    return tuple(permission.name for permission in registry.snapshot.in_mask(mask))


def moment(seconds: float | None) -> datetime | None:
    """Epoch seconds as an aware time."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
