"""Access reviews: users with a permission in a place, since when, and by which ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from yoto.nodes import number_in, shown_text
from yoto.permission.database.statements import id_array, ids_in, members
from yoto.permission.explain.derivation import Derivation, moment
from yoto.permission.explain.facts import ExplanationFacts, GrantRow, Held, OverwriteRow
from yoto.permission.explain.loading import load_facts_of_many
from yoto.permission.people.subjects import name_of_no_person
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.facts import NOWHERE, By
from yoto.permission.verdict.resolver import MembershipStatus, role_closure
from yoto.permission.verdict.verdict import reason_of
from yoto.permission.ways.deriving import IN_BASE, At, Denials, Stage
from yoto.rooms.review.origins import Origins, load_origins
from yoto.rooms.review.report import AccessLine, Way
from yoto.store.models import ScopeType


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The inputs for finding the ways of all users.

    Attributes:
        administrators: the permissions that imply the one under review.
        joined: when people joined their home; None: nothing records it.
    """

    permission: RegisteredPermission
    administrators: tuple[RegisteredPermission, ...]
    origins: Origins
    joined: Mapping[int, datetime] | None


def lines_of(
    connection: Connection,
    registry: PermissionRegistry,
    permission: RegisteredPermission,
    place: Place,
    user_ids: Sequence[int],
    now: float,
) -> list[AccessLine]:
    """A line for each of the users who have the permission in the place."""
    facts = load_facts_of_many(connection, user_ids, place)
    if not facts:
        return []
    known, home = registry.snapshot.by_name, facts[0].home
    implied = permission.scope != ScopeType.GLOBAL
    names = dict.fromkeys(one.administrator for one in facts[0].site.types if implied)
    administrators = [known[name] for name in names if name is not None and name in known]
    wanted = [permission, *(one for one in administrators if one != permission)]
    holders = {f"user:{user_id}" for user_id in user_ids}
    holders |= {_holder(one, held) for one in facts for held in one.held}
    reviewed = Reviewed(
        permission,
        tuple(one for one in administrators if one != permission),
        load_origins(connection, facts[0], wanted, holders),
        _joined(connection, home, user_ids),
    )
    lines = []
    for one in sorted(facts, key=lambda found: found.user.user_id):
        derivation = Derivation.of(one, registry, now)
        if not derivation.resolution.mask & permission.mask:
            continue  # lost since the search found them
        ways = tuple(_ways(derivation, reviewed))
        begun = [way.since for way in ways]
        begins = [since for since in begun if since is not None]
        lines.append(
            AccessLine(
                one.user.user_id,
                one.username or name_of_no_person(one.user.user_id) or "",
                reason_of(derivation.resolution, permission),
                min(begins) if begins and len(begins) == len(begun) else None,
                ways,
            )
        )
    return lines


def _joined(
    connection: Connection, home: str | None, user_ids: Sequence[int]
) -> Mapping[int, datetime] | None:
    """When people joined their home; None: nothing records it, which it does for a server alone."""
    number = number_in(home, ScopeType.SERVER)
    if number is None:
        return None
    joined = select(members.c.user_id, members.c.joined_at).where(
        members.c.server_id == number, members.c.user_id.in_(ids_in("ids"))
    )
    rows = connection.execute(joined, {"ids": id_array(user_ids)})
    return {row.user_id: row.joined_at for row in rows}


def _ways(derivation: Derivation, reviewed: Reviewed) -> Iterator[Way]:
    """Everything that would be enough by itself, whatever else the user has."""
    facts = derivation.facts
    denials = {
        permission.id: derivation.denials(permission)
        for permission in (reviewed.permission, *reviewed.administrators)
    }
    user_id, origins = facts.user.user_id, reviewed.origins
    if facts.user.super_admin:
        yield Way("super_admin", "global", since=origins.super_admin.get(user_id))
    if derivation.resolution.status is MembershipStatus.OWNER:
        if reviewed.permission.scope != ScopeType.GLOBAL:
            yield Way("owner", shown_text(owned_by(facts, user_id)), since=origins.owner)
    for held in facts.held:
        line = role_closure(held.role_id, derivation.place.facts)
        if held.assignment in derivation.trace.assignments and line:
            yield from _by_roles(derivation, reviewed, denials, line, held)
    for role in facts.roles.values():
        if role.is_default and role.id in derivation.in_force:
            yield from _by_roles(derivation, reviewed, denials, [role.id], None)
    for row in facts.overwrites:
        if row.role_id is None and row.allows and row.permission_id in denials:
            if not denials[row.permission_id].leave(_of_mark(facts, row)):
                continue
            if derivation.counts(row) and _reaches(facts, row, derivation.resolution.status):
                target = f"user:{user_id}" if row.team_id is None else f"team:{row.team_id}"
                since = origins.of_overwrite(facts, target, row.place)
                if reviewed.joined is not None:
                    since = _latest(since, reviewed.joined.get(user_id))
                yield Way("overwrite", shown_text(row.place), since=since)


def owned_by(facts: ExplanationFacts, user_id: int) -> str:
    """The node whose owner has everything there."""
    site = facts.site
    if site.owner_id == user_id and site.home is not None:
        return site.home
    return str(site.place)


def _of_mark(facts: ExplanationFacts, row: OverwriteRow) -> At:
    """The step at which an overwrite counts; neither role nor team: the user's own."""
    level = facts.level_of(row.place)
    if row.role_id is None:
        return level, Stage.USER if row.team_id is None else Stage.ROLES
    return level, _of_role(facts, row.role_id)


def _of_grant(facts: ExplanationFacts, row: GrantRow) -> At:
    """A grant with the scope of a level counts as an overwrite of its role."""
    if facts.in_base(row):
        return IN_BASE
    return facts.site.levels.index(row.scope), _of_role(facts, row.role_id)


def _of_role(facts: ExplanationFacts, role_id: int) -> Stage:
    return Stage.DEFAULT_ROLE if facts.roles[role_id].is_default else Stage.ROLES


def _reaches(facts: ExplanationFacts, row: OverwriteRow, status: MembershipStatus) -> bool:
    """Whether an overwrite's permissions hold for a user."""
    level = facts.level_of(row.place)
    low = len(facts.site.nodes) - len(facts.site.levels)
    return status > MembershipStatus.OUTSIDER or facts.site.types[low + level].shared


def _by_roles(
    derivation: Derivation,
    reviewed: Reviewed,
    denials: Mapping[int, Denials],
    line: Sequence[int],
    held: Held | None,
) -> Iterator[Way]:
    """The ways by the roles of one line of inheritance; no assignment: the default role."""
    facts, origins = derivation.facts, reviewed.origins
    begun = _begun(facts, reviewed, line, held)
    until = moment(held.valid_until) if held is not None else None
    holder = None if held is None else _set_that_holds(facts, held)
    for depth, role_id in enumerate(line):
        name, via = facts.roles[role_id].name, tuple(line[: depth + 1])
        for row in facts.grants:
            if row.role_id != role_id or not row.allows:
                continue
            kind = "grant" if row.group_id is None else "group"
            if row.permission_id in {one.id for one in reviewed.administrators}:
                if not facts.in_base(row) or denials[row.permission_id].in_base:
                    continue
                kind = "administrator"
            elif row.permission_id != reviewed.permission.id:
                continue
            elif not _counts(derivation, reviewed, row, held):
                continue
            elif not denials[row.permission_id].leave(_of_grant(facts, row)):
                continue
            since = _latest(begun, origins.of_grant(row))
            scope = shown_text(row.scope)
            yield Way(kind, scope, role_id, name, via, row.group, since, until, holder)
        for marked in facts.overwrites:
            if marked.role_id == role_id and marked.allows:
                if marked.permission_id not in denials:
                    continue
                if denials[marked.permission_id].leave(_of_mark(facts, marked)):
                    began = origins.of_overwrite(facts, f"role:{role_id}", marked.place)
                    since = _latest(begun, began)
                    place = shown_text(marked.place)
                    yield Way("overwrite", place, role_id, name, via, None, since, until, holder)


def _counts(derivation: Derivation, reviewed: Reviewed, row: GrantRow, held: Held | None) -> bool:
    """Whether a grant gives the permission where the role is held so."""
    if reviewed.permission.scope != ScopeType.GLOBAL:
        return True
    home = derivation.facts.roles[row.role_id].home
    in_full = held is not None and held.node == NOWHERE and home == NOWHERE
    return in_full and derivation.facts.in_base(row)


def _begun(
    facts: ExplanationFacts, reviewed: Reviewed, line: Sequence[int], held: Held | None
) -> datetime | None:
    """When the line of roles began to count for the user; None: unknown."""
    times: list[datetime | None] = [reviewed.origins.roles.get(role_id) for role_id in line]
    if held is not None and held.by is By.PROVIDER:
        times.append(None)  # the time of assignment is not recorded
    elif held is not None:
        holder = _holder(facts, held)
        renewed = reviewed.origins.held.get((holder, held.role_id, held.node))
        times.append(renewed or moment(held.since))
        if held.valid_from is not None:
            times.append(moment(held.valid_from))
    if facts.roles[line[0]].home != NOWHERE and reviewed.joined is not None:
        times.append(reviewed.joined.get(facts.user.user_id))
    return _latest(*times)


def _holder(facts: ExplanationFacts, held: Held) -> str:
    """The holder, as the table of assignments has it."""
    match held.by:
        case By.TEAM:
            return f"team:{held.team_id}"
        case By.EVERYONE:
            return f"everyone:{facts.home}"
        case By.PUBLIC:
            return "public"
    return f"user:{facts.user.user_id}"


def _set_that_holds(facts: ExplanationFacts, held: Held) -> str | None:
    """The team, or all of whom, that a role is held by; None: the user themselves."""
    return None if held.by in (By.OWN, By.PROVIDER) else shown_text(_holder(facts, held))


def _latest(*times: datetime | None) -> datetime | None:
    """The last of the moments; None, which is unknown, if one of them is."""
    known = [found for found in times if found is not None]
    return max(known) if len(known) == len(times) else None
