"""Reads the facts in a fixed number of statements, whatever the size of the place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.engine import Connection

from yoto.permission.database.statements import (
    ROLE_IDS,
    allows,
    assignments,
    grants,
    group_grants,
    groups,
    id_array,
    ids_in,
    in_group,
    overwrites,
    role_parents,
    roles,
    team_members,
    team_parents,
    users,
)
from yoto.permission.explain.facts import ExplanationFacts, GrantRow, OverwriteRow, held_of
from yoto.permission.loading import Loaded, load, load_one, load_sites
from yoto.permission.loading.places_sql import IDS
from yoto.permission.loading.rights import epoch
from yoto.permission.loading.rows import RoleRow
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place, place_of_text
from yoto.permission.verdict.facts import UserFacts
from yoto.store.columns import Id
from yoto.store.models import NOWHERE
from yoto.store.portable import before_steps, last_step
from yoto.store.resources import known_types

# The texts of sets in assignments.
PUBLIC, EVERYONE = "public", "everyone:"
OFFERED_MAX = 20  # roles to try giving to the user; more would only make the search longer
PERMISSION_ID: ColumnElement[int] = bindparam("permission_id", type_=Id)
HOME: ColumnElement[str] = bindparam("home")

USERNAMES = select(users.c.id, users.c.username).where(users.c.id.in_(ids_in(IDS)))


def load_facts(
    connection: Connection, user_id: int, place: Place, permission: RegisteredPermission
) -> ExplanationFacts:
    """The rows behind the rights of ``user_id`` in ``place``.

    Args:
        permission: the permission in question, for the roles on offer.

    Raises:
        UnknownResource: the place does not exist.
    """
    site = load_sites(connection, [place]).get(place)
    asked = {
        "home": NOWHERE if site is None or site.home is None else site.home,
        "permission_id": permission.id,
    }
    offered = tuple(connection.scalars(OFFERED, asked))
    loaded = load_one(connection, user_id, place, offered)
    [facts] = _facts(connection, loaded, loaded.people, offered)
    return facts


def load_facts_of_many(
    connection: Connection, user_ids: Sequence[int], place: Place
) -> list[ExplanationFacts]:
    """The facts for the existing ones among ``user_ids``; nothing is offered."""
    loaded = load(connection, user_ids, place, asleep=True)
    return _facts(connection, loaded, loaded.people, ())


def _facts(
    connection: Connection,
    loaded: Loaded,
    people: Sequence[UserFacts],
    offered: tuple[int, ...],
) -> list[ExplanationFacts]:
    rights, site = loaded.rights, loaded.site
    ids = {ROLE_IDS: id_array(rights.roles)}
    named = {row[0]: row for row in connection.execute(ROLE_NAMES, ids)}
    in_groups = {one.group_id for rows in rights.grants.values() for one in rows} - {None}
    group_names: Mapping[int | None, str] = (
        _pairs(connection, GROUP_NAMES, {ROLE_IDS: id_array(filter(None, in_groups))})
        if in_groups
        else {}
    )
    usernames = _pairs(connection, USERNAMES, {IDS: id_array(one.user_id for one in people)})
    held_by = {
        one.user_id: sorted(
            (held for held in rights.held_at(site, one.user_id) if held.role_id in named),
            key=lambda held: (-named[held.role_id].position, held.role_id, held.id),
        )
        for one in people
    }
    since = _pairs(
        connection,
        GIVEN_AT,
        {ROLE_IDS: id_array({one.id for held in held_by.values() for one in held})},
    )
    lines = {
        role_id: RoleRow(
            role_id,
            shape.home,
            rights.parents_of(role_id),
            shape.active,
            shape.is_default,
            named[role_id].name,
        )
        for role_id, shape in rights.roles.items()
    }
    granted = tuple(
        GrantRow(
            one.role_id,
            one.permission_id,
            one.allows,
            scope,
            one.group_id,
            group_names.get(one.group_id),
        )
        for scope, rows in rights.grants.items()
        for one in rows
        if scope in ("global", *site.nodes)
    )
    found = []
    for person in people:
        teams = tuple(rights.teams.get(person.user_id, ()))
        in_teams = {one.team_id for one in teams}
        found.append(
            ExplanationFacts(
                site=site,
                user=person,
                username=usernames.get(person.user_id),
                roles=lines,
                held=tuple(
                    held_of(one, epoch(since.get(one.id))) for one in held_by[person.user_id]
                ),
                grants=granted,
                overwrites=tuple(
                    OverwriteRow(one.role_id, one.permission_id, one.allows, place, one.team_id)
                    for place in dict.fromkeys(site.overwritten)
                    for one in rights.overwrites.get(place, ())
                    if one.user_id in (None, person.user_id)
                    and (one.team_id is None or one.team_id in in_teams)
                ),
                teams=teams,
                offered=offered,
            )
        )
    return found


def _pairs(connection: Connection, statement: Select[Any], asked: Mapping[str, Any]) -> Any:
    return {row[0]: row[1] for row in connection.execute(statement, asked)}


def load_reach(
    connection: Connection, role_ids: Iterable[int], home: str | None
) -> tuple[dict[int, int], int]:
    """The most people that a change of each role reaches, and the number of the home's members.

    A user who holds a role for several reasons, one of them a set, counts for each.
    """
    asked = {ROLE_IDS: id_array(role_ids)}
    reach = {role_id: number for role_id, number in connection.execute(REACH, asked)}
    sets = holding_sets(connection, role_ids)
    homes = {text.removeprefix(EVERYONE) for _, text in sets if text != PUBLIC}
    members = _members_of(connection, homes | ({home} if home is not None else set()))
    if any(text == PUBLIC for _, text in sets):
        members[PUBLIC] = connection.scalar(select(func.count()).select_from(users)) or 0
    for role_id, text in sets:
        reach[role_id] = reach.get(role_id, 0) + members.get(text.removeprefix(EVERYONE), 0)
    return reach, members.get(home or "", 0)


def holding_sets(connection: Connection, role_ids: Iterable[int]) -> Sequence[Row[int, str]]:
    """Rows: role, and the text of a set (everybody of a node, the public) that holds it or a role
    that inherits from it.
    """
    return connection.execute(SETS, {ROLE_IDS: id_array(role_ids)}).all()


def _members_of(connection: Connection, homes: Iterable[str]) -> dict[str, int]:
    """The number of people who belong to each node: one statement for each type."""
    found: dict[str, int] = {}
    by_type: dict[str, dict[Any, str]] = {}
    for text in homes:
        place = place_of_text(text)
        by_type.setdefault(place.kind, {})[place.id] = text
    for kind, texts in by_type.items():
        declared = known_types().find(kind)
        members = None if declared is None else declared.members
        if members is None:
            continue  # people belonged there under an earlier declaration
        counted = select(members.node, func.count()).where(
            members.node.in_(list(texts)), members.belonging
        )
        for id_, number in connection.execute(counted.group_by(members.node)):
            if id_ in texts:  # a database may take other texts to be equal
                found[texts[id_]] = number
    return found


def _offered() -> Select[Any]:
    """Active roles of the home, then global ones, with a grant or overwrite that allows."""
    direct = exists().where(
        grants.c.role_id == roles.c.id,
        grants.c.permission_id == PERMISSION_ID,
        allows(grants),
    )
    grouped = exists().where(
        group_grants.c.role_id == roles.c.id,
        allows(group_grants),
        in_group.c.group_id == group_grants.c.group_id,
        in_group.c.permission_id == PERMISSION_ID,
    )
    overwritten = exists().where(
        overwrites.c.role_id == roles.c.id,
        overwrites.c.permission_id == PERMISSION_ID,
        allows(overwrites),
    )
    return (
        select(roles.c.id)
        .where(
            roles.c.home.in_([HOME, NOWHERE]),
            roles.c.active == true(),
            roles.c.is_default == false(),
            or_(direct, grouped, overwritten),
        )
        .order_by(roles.c.home.desc(), roles.c.position, roles.c.id)
        .limit(OFFERED_MAX)
    )


def _carriers() -> CTE:
    """Rows: role, and the role itself or one that inherits from it."""
    first = select(roles.c.id.label("root"), roles.c.id.label("id"))
    asked = before_steps(first.where(roles.c.id.in_(ids_in(ROLE_IDS))))
    carriers = asked.cte("carriers", recursive=True)
    children = select(carriers.c.root, roles.c.id).join_from(
        carriers, roles, roles.c.parent_id == carriers.c.id
    )
    others = select(carriers.c.root, role_parents.c.role_id).join_from(
        carriers, role_parents, role_parents.c.parent_id == carriers.c.id
    )
    return carriers.union(children, last_step(others))


def _reach() -> Select[Any]:
    """Rows: role, and the number of people who hold it or a role that inherits from it, or are
    in a team that does.
    """
    found = _carriers()
    held = select(found.c.root, assignments.c.user_id, assignments.c.team_id).join_from(
        found, assignments, assignments.c.role_id == found.c.id
    )
    own = held.subquery()
    first = select(own.c.root, own.c.team_id).where(own.c.team_id.is_not(None))
    teams = first.cte("teams", recursive=True)
    below = select(teams.c.root, team_parents.c.team_id).join_from(
        teams, team_parents, team_parents.c.parent_id == teams.c.team_id
    )
    teams = teams.union(below)
    inside = select(teams.c.root, team_members.c.user_id).join_from(
        teams, team_members, team_members.c.team_id == teams.c.team_id
    )
    people = union(
        select(own.c.root, own.c.user_id).where(own.c.user_id.is_not(None)), inside
    ).subquery()
    return select(people.c.root, func.count()).group_by(people.c.root)


def _sets() -> Select[Any]:
    """Rows: role, and a set that holds it or a role that inherits from it: all members of a node,
    or the public.
    """
    found = _carriers()
    return (
        select(found.c.root, assignments.c.subject)
        .join_from(found, assignments, assignments.c.role_id == found.c.id)
        .where(assignments.c.user_id.is_(None), assignments.c.team_id.is_(None))
        .distinct()
    )


ROLE_NAMES = select(roles.c.id, roles.c.name, roles.c.position).where(
    roles.c.id.in_(ids_in(ROLE_IDS))
)
GROUP_NAMES = select(groups.c.id, groups.c.name).where(groups.c.id.in_(ids_in(ROLE_IDS)))
GIVEN_AT = select(assignments.c.id, assignments.c.created_at).where(
    assignments.c.id.in_(ids_in(ROLE_IDS))
)
OFFERED = _offered()
REACH = _reach()
SETS = _sets()
