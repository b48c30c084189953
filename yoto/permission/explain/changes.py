"""Single changes that could turn a verdict, each with its effect on the facts.

They are only proposals: ``turning`` keeps those with which the resolver gives the other verdict.
Nothing here knows the rules, so a proposal too many costs time and never truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from yoto.nodes import number_in
from yoto.permission.explain.derivation import Derivation
from yoto.permission.explain.facts import (
    ExplanationFacts,
    GrantRow,
    Held,
    OverwriteRow,
    resolve_facts,
)
from yoto.permission.loading.rows import RoleRow
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import GLOBAL
from yoto.permission.verdict.facts import NOWHERE, By
from yoto.store.models import ScopeType

# In order of preference among changes that reach equally many people: the change with the fewest
# other effects comes first.
KINDS = (
    "remove_overwrite",
    "set_overwrite",
    "set_window",
    "end_timeout",
    "join_server",
    "assign_role",
    "unassign_role",
    "remove_grant",
    "grant",
    "remove_group",
    "enable_role",
    "disable_role",
    "start_timeout",
    "leave_server",
    "enable_account",
    "revoke_super_admin",
    "disable_account",
)
RANK = {kind: rank for rank, kind in enumerate(KINDS)}
TIMEOUT_SECONDS = 3600.0

Apply = Callable[[ExplanationFacts], ExplanationFacts]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change, and the facts after it."""

    kind: str
    affected: int
    detail: Mapping[str, Any]
    apply: Apply


@dataclass(frozen=True, slots=True)
class Reach:
    """The reach of a change to each role, in people, and the number of the home's members."""

    roles: Mapping[int, int]
    members: int

    def of(self, role: RoleRow) -> int:
        return max(1, self.members if role.is_default else self.roles.get(role.id, 0))


def turning(
    derivation: Derivation,
    permission: RegisteredPermission,
    registry: PermissionRegistry,
    reach: Reach,
    most: int,
) -> list[Proposal]:
    """The smallest changes that turn the verdict, at most ``most`` of them."""
    allowed = bool(derivation.resolution.mask & permission.mask)
    asked = [permission]
    for one in derivation.facts.site.types:
        gate = registry.snapshot.by_name.get(one.gate or "")
        if gate is not None and gate not in asked:
            asked.append(gate)
    proposals = sorted(
        _proposals(derivation, asked, reach, to_allow=not allowed),
        key=lambda proposal: (proposal.affected, RANK[proposal.kind]),
    )
    found: list[Proposal] = []
    for proposal in proposals:
        changed = proposal.apply(derivation.facts)
        resolution = resolve_facts(changed, registry, derivation.now)
        if bool(resolution.mask & permission.mask) is not allowed:
            found.append(proposal)
            if len(found) == most:
                break
    return found


def _proposals(
    derivation: Derivation, asked: list[RegisteredPermission], reach: Reach, *, to_allow: bool
) -> Iterator[Proposal]:
    yield from _about_the_user(derivation, to_allow)
    for permission in asked:
        yield from _overwrites(derivation, permission, reach, to_allow)
        yield from _grants(derivation, permission, reach, to_allow)
    yield from _activity(derivation, reach, to_allow)


def _about_the_user(derivation: Derivation, to_allow: bool) -> Iterator[Proposal]:
    facts, user = derivation.facts, derivation.facts.user
    who: dict[str, Any] = {"user_id": user.user_id}
    where = who | {"home": facts.home}
    number = number_in(facts.home, ScopeType.SERVER)
    if number is not None:
        where |= {"server_id": number}
    if not user.exists:
        return

    def user_with(**fields: Any) -> Apply:
        return lambda found: replace(found, user=replace(found.user, **fields))

    if to_allow:
        if user.disabled:
            yield Proposal("enable_account", 1, who, user_with(disabled=False))
        if facts.home is not None and not user.member and not user.program:
            yield Proposal("join_server", 1, where, user_with(member=True))
        if user.timeout_until is not None:
            yield Proposal("end_timeout", 1, where, user_with(timeout_until=None))
        for held in facts.held:
            if (held.valid_from, held.valid_until) != (None, None) and held.by is By.OWN:
                detail = who | {"role_id": held.role_id}
                yield Proposal("set_window", 1, detail, _opened(held))
        for role_id in facts.offered:
            held = _to_give(facts, facts.roles[role_id])
            detail = who | {"role_id": role_id}
            if held.node != NOWHERE:
                detail |= {"at": held.node}
            if not any(_is_given(one, held) for one in facts.held):
                yield Proposal("assign_role", 1, detail, _with_assignment(held))
        return
    yield Proposal("disable_account", 1, who, user_with(disabled=True))
    if user.super_admin:
        yield Proposal("revoke_super_admin", 1, who, user_with(super_admin=False))
    if user.member:
        yield Proposal("leave_server", 1, where, user_with(member=False))
        until = derivation.now + TIMEOUT_SECONDS
        yield Proposal("start_timeout", 1, where, user_with(timeout_until=until))
    for role_id in dict.fromkeys(derivation.trace.held):
        yield Proposal("unassign_role", 1, who | {"role_id": role_id}, _unassigned(role_id))


def _opened(held: Held) -> Apply:
    def apply(found: ExplanationFacts) -> ExplanationFacts:
        rest = tuple(row for row in found.held if row != held)
        return replace(found, held=(*rest, held._replace(valid_from=None, valid_until=None)))

    return apply


def _to_give(facts: ExplanationFacts, role: RoleRow) -> Held:
    """A role as it would be given.

    A role of the home is given as such, a global one at the place alone, since everywhere would
    be more than needed.
    """
    everywhere = role.home != NOWHERE or facts.place == GLOBAL
    return Held(role.id, node=NOWHERE if everywhere else str(facts.place))


def _is_given(one: Held, other: Held) -> bool:
    return (one.role_id, one.node, one.by) == (other.role_id, other.node, By.OWN)


def _with_assignment(held: Held) -> Apply:
    return lambda found: replace(found, held=(*found.held, held))


def _unassigned(role_id: int) -> Apply:
    return lambda found: replace(
        found,
        held=tuple(row for row in found.held if row.role_id != role_id or row.by is not By.OWN),
    )


def _overwrites(
    derivation: Derivation, permission: RegisteredPermission, reach: Reach, to_allow: bool
) -> Iterator[Proposal]:
    """Overwrites below the home: of the user and of each role in force at the place itself, and
    those at the nodes above it.
    """
    facts = derivation.facts
    if not facts.site.levels or permission.scope == ScopeType.GLOBAL:
        return
    place = facts.overwritten
    targets: list[RoleRow | None] = [None]
    targets += [facts.roles[role_id] for role_id in sorted(derivation.in_force)]
    for role in targets:
        role_id = role.id if role is not None else None
        affected = reach.of(role) if role is not None else 1
        detail = {
            "place": place,
            "target": f"role:{role_id}" if role_id else f"user:{facts.user.user_id}",
            "permission": permission.name,
        }
        stored = OverwriteRow(role_id, permission.id, not to_allow, place)
        for above in facts.site.overwritten[:-1]:
            other = stored._replace(place=above)
            if other in facts.overwrites:
                yield Proposal(
                    "remove_overwrite",
                    affected,
                    detail | {"effect": _effect(not to_allow), "place": above},
                    _replacing_overwrite(other, None),
                )
        if stored in facts.overwrites:
            yield Proposal(
                "remove_overwrite",
                affected,
                detail | {"effect": _effect(not to_allow)},
                _replacing_overwrite(stored, None),
            )
        wanted = stored._replace(allows=to_allow)
        if wanted not in facts.overwrites:
            yield Proposal(
                "set_overwrite",
                affected,
                detail | {"effect": _effect(to_allow)},
                _replacing_overwrite(stored, wanted),
            )


def _replacing_overwrite(old: OverwriteRow, new: OverwriteRow | None) -> Apply:
    added = () if new is None else (new,)
    return lambda found: replace(
        found, overwrites=tuple(row for row in found.overwrites if row != old) + added
    )


def _grants(
    derivation: Derivation, permission: RegisteredPermission, reach: Reach, to_allow: bool
) -> Iterator[Proposal]:
    """For each role in force: the grants that stand in the way, and one that would help."""
    facts = derivation.facts
    for role_id in sorted(derivation.in_force):
        role = facts.roles[role_id]
        for row in facts.grants:
            if row.role_id != role_id or row.permission_id != permission.id:
                continue
            if row.allows == to_allow:
                continue
            detail = {"role_id": role_id, "scope": row.scope, "effect": _effect(row.allows)}
            if row.group_id is None:
                kind, detail["permission"] = "remove_grant", permission.name
            else:
                kind, detail = "remove_group", detail | {
                    "group_id": row.group_id,
                    "group": row.group,
                }
            apply = _without_grant(row)
            yield Proposal(kind, reach.of(role), detail, apply)
        scope = _grant_scope(facts, role, permission)
        if scope is not None:
            wanted = GrantRow(role_id, permission.id, to_allow, scope)
            detail = {
                "role_id": role_id,
                "permission": permission.name,
                "scope": scope,
                "effect": _effect(to_allow),
            }
            yield Proposal("grant", reach.of(role), detail, _with_grant(wanted))


def _grant_scope(
    facts: ExplanationFacts, role: RoleRow, permission: RegisteredPermission
) -> str | None:
    """The narrowest scope in which the role may grant the permission; None: none is allowed."""
    if permission.scope == ScopeType.GLOBAL:
        return GLOBAL.kind if role.home == NOWHERE else None
    return GLOBAL.kind if facts.home is None else facts.home


def _without_grant(unwanted: GrantRow) -> Apply:
    """Without a direct grant, or without all that a group's grant gives."""

    def is_of_it(row: GrantRow) -> bool:
        if unwanted.group_id is None:
            return row == unwanted
        return (row.role_id, row.group_id, row.scope) == (
            unwanted.role_id,
            unwanted.group_id,
            unwanted.scope,
        )

    return lambda found: replace(
        found, grants=tuple(row for row in found.grants if not is_of_it(row))
    )


def _with_grant(wanted: GrantRow) -> Apply:
    opposite = wanted._replace(allows=not wanted.allows)
    return lambda found: replace(
        found, grants=tuple(row for row in found.grants if row != opposite) + (wanted,)
    )


def _activity(derivation: Derivation, reach: Reach, to_allow: bool) -> Iterator[Proposal]:
    """Switching roles on, or those in force off; the default role cannot be switched."""
    facts = derivation.facts
    if to_allow:
        kind, roles = "enable_role", [role for role in facts.roles.values() if not role.active]
    else:
        kind = "disable_role"
        roles = [facts.roles[role_id] for role_id in sorted(derivation.in_force)]
    for role in roles:
        if not role.is_default:
            yield Proposal(
                kind,
                reach.of(role),
                {"role_id": role.id},
                _with_role(role._replace(active=to_allow)),
            )


def _with_role(role: RoleRow) -> Apply:
    return lambda found: replace(found, roles={**found.roles, role.id: role})


def _effect(allows: bool) -> str:
    return "allow" if allows else "deny"
