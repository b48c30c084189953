"""Pages of the people who have a permission in a place, or meet an expression of some.

Candidates are found by the possible sources: super-admins and owners; holders of a role that
allows it, directly, by a team, or as everybody; targets of an overwrite. Only they are loaded and
resolved, some hundreds first, and thousands if too few of those are allowed: eight statements at
most, one more where a function provides roles, and one where ids are no numbers, which gives all
people one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import CTE

from yoto.nodes import APPLICATIONS
from yoto.permission.checking.asking import met_by_policies
from yoto.permission.database.statements import (
    allows,
    assignments,
    grants,
    group_grants,
    in_group,
    overwrites,
    programs,
    provided,
    provides_roles,
    role_parents,
    roles,
    roles_asked,
    team_members,
    team_parents,
    users,
)
from yoto.permission.directory import renew_people
from yoto.permission.loading import implying, load
from yoto.permission.loading.loader import parameters_of
from yoto.permission.loading.places_sql import person_number
from yoto.permission.loading.rights_sql import HOME, NODES, PLACES
from yoto.permission.loading.sites import Site, site_at
from yoto.permission.loading.source import reading
from yoto.permission.people.numbers import everybody_has_number
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place, parse_place, place_of_text
from yoto.permission.search.question import (
    PEOPLE_UNKNOWN,
    ROLES_UNKNOWN,
    SCAN_MAX,
    Page,
    Question,
    checked_after,
    checked_limit,
)
from yoto.permission.state import PermissionState
from yoto.permission.verdict.resolver import flatten, resolve
from yoto.store.columns import Id
from yoto.store.portable import before_steps, last_step

FIRST_LOOK = 500  # candidates; nearly always enough for a page

AFTER: ColumnElement[int] = bindparam("after", type_=Id)
MOST: ColumnElement[int] = bindparam("most", type_=Id)
OWNERS: Any = bindparam("owners", type_=Id, expanding=True)
GIVING: Any = bindparam("giving", type_=Id, expanding=True)
HOME_ID = "home_id"


def list_users(
    state: PermissionState,
    question: Question,
    scope: str | None,
    scope_id: Any,
    after: int | None,
    limit: int,
    context: Mapping[str, Any] | None,
) -> Page:
    """See ``Searching.list_users``."""
    place = parse_place(scope, scope_id)
    start, most = checked_after(after), checked_limit(limit)
    found: list[tuple[int, Place, int]] = []
    last: int | None = start
    incomplete = None if everybody_has_number() else PEOPLE_UNKNOWN
    # Any person could have become a super-admin.
    renew_people(None)
    with reading() as connection:
        if incomplete is None and has_unasked(connection):
            incomplete = ROLES_UNKNOWN
        site = site_at(connection, place)
        statement, parameters = _candidates(site), users_parameters(state, question.wanted, site)
        possible = question.possible(question.judged(context))
        for window in (max(FIRST_LOOK, most + 1), SCAN_MAX):
            asked = parameters | {"after": last, "most": window}
            candidates = list(connection.scalars(statement, asked))
            for user_id, mask in _masks(connection, state, question, place, candidates):
                if question.small(mask) in possible:
                    found.append((user_id, place, mask))
            last = candidates[-1] if len(candidates) == window else None
            if last is None or len(found) > most:
                break
    if len(found) > most:
        found = found[:most]
        last = found[-1][0]
    verdicts = met_by_policies(state, question.asked, found, context)
    ids = [user_id for user_id, _, _ in found]
    return Page(tuple(compress(ids, verdicts)), last, incomplete)


def has_unasked(connection: Connection) -> bool:
    """Whether the provided roles of some people were never asked for, and so are unknown."""
    if not provides_roles():
        return False
    asked = exists().where(roles_asked.c.id == users.c.id)
    return connection.scalar(select(users.c.id).where(~asked).limit(1)) is not None


def users_parameters(
    state: PermissionState, permissions: Iterable[RegisteredPermission], site: Site
) -> dict[str, Any]:
    """The parameters of the statement for people who could have one of the permissions."""
    known = state.registry.snapshot.by_name
    giving = {permission.id for permission in permissions}
    giving |= {known[name].id for one in site.types if (name := one.administrator or "") in known}
    owners = [owner_id for owner_id, _ in site.owners]
    owners += [] if site.owner_id is None else [site.owner_id]
    home_id = None if site.home is None else place_of_text(site.home).id
    given = {"owners": owners or [0], "giving": sorted(giving), HOME_ID: home_id}
    return parameters_of([site]) | given


def _masks(
    connection: Connection,
    state: PermissionState,
    question: Question,
    place: Place,
    candidates: Sequence[int],
) -> list[tuple[int, int]]:
    """The people among the candidates, each with the mask from their roles, by number."""
    registry = state.registry
    wanted = [one.id for one in question.permissions]
    wanted += implying(place, registry.snapshot)
    facts, people = load(connection, candidates, place, wanted).facts(registry)
    bits, now = registry.snapshot.bits, state.clock()
    flat = flatten(facts, bits)
    return sorted(
        (user.user_id, resolve(flat, user, now, bits).mask & question.asked.bound.names)
        for user in people
    )


def _candidates(site: Site) -> Select[Any]:
    """Ids of people beyond ``AFTER`` who could have the permission: rather more than fewer."""
    carriers = _carriers()
    teams = _teams(carriers)
    given = and_(assignments.c.role_id == carriers.c.id, assignments.c.node.in_(NODES))
    public = exists().where(given, assignments.c.subject == "public")
    own = overwrites.c
    sources = [
        select(users.c.id.label("id")).where(users.c.super_admin == true(), users.c.id > AFTER),
        select(users.c.id.label("id")).where(users.c.id.in_(OWNERS), users.c.id > AFTER),
        select(assignments.c.user_id.label("id"))
        .distinct()
        .join_from(carriers, assignments, given)
        .where(assignments.c.user_id > AFTER),
        select(team_members.c.user_id.label("id"))
        .distinct()
        .join_from(teams, team_members, team_members.c.team_id == teams.c.team_id)
        .where(team_members.c.user_id > AFTER),
        select(own.user_id.label("id")).where(
            own.place.in_(PLACES),
            own.user_id > AFTER,
            own.permission_id.in_(GIVING),
            allows(overwrites),
        ),
        select(users.c.id.label("id")).where(users.c.id > AFTER, public),
        select((programs.c.id + APPLICATIONS).label("id")).where(
            programs.c.id + APPLICATIONS > AFTER, public
        ),
    ]
    if provides_roles():
        held = and_(provided.c.role_id == carriers.c.id, provided.c.node.in_(NODES))
        sources.append(
            select(provided.c.user_id.label("id"))
            .distinct()
            .join_from(carriers, provided, held)
            .where(provided.c.user_id > AFTER)
        )
    home = next((one for one in site.types if one.members is not None), None)
    if home is not None and home.members is not None:
        members = home.members
        everyone = exists().where(given, assignments.c.subject == literal("everyone:") + HOME)
        default = exists().where(carriers.c.is_default == true())
        number = person_number(members.person)
        belonging = select(number.label("id")).where(
            members.node == bindparam(HOME_ID, type_=home.id.type),
            number > AFTER,
            or_(default, everyone),
            members.belonging,
        )
        sources.append(belonging)
    # Each is limited by itself, so that none is read to its end.
    cut = [source.order_by("id").limit(MOST).subquery() for source in sources]
    found = union(*(select(source.c.id) for source in cut)).subquery()
    return select(found.c.id).order_by(found.c.id).limit(MOST)


def teams_that_could() -> Select[Any]:
    """Ids of teams that could give the permission: rather too many than too few."""
    return select(_teams(_carriers()).c.team_id)


def _carriers() -> CTE:
    """Roles that allow the permission or to administer, and those that inherit it."""

    def granted(source: Any, permission_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
        return [
            source.c.role_id == roles.c.id,
            source.c.scope_key.in_(NODES),
            permission_id.in_(GIVING),
            allows(source),
        ]

    of = overwrites.c
    overwritten = select(of.role_id).where(
        of.place.in_(PLACES),
        of.role_id.is_not(None),
        of.permission_id.in_(GIVING),
        allows(overwrites),
    )
    gives: list[ColumnElement[bool]] = [
        exists().where(*granted(grants, grants.c.permission_id)),
        exists().where(
            *granted(group_grants, in_group.c.permission_id),
            in_group.c.group_id == group_grants.c.group_id,
        ),
        roles.c.id.in_(overwritten),
    ]
    columns = (roles.c.id, roles.c.is_default)
    here = roles.c.home.in_(["", HOME])
    giving = before_steps(select(*columns).where(here, or_(*gives)))
    carriers = giving.cte("carriers", recursive=True)
    heirs = select(*columns).join_from(
        carriers, roles, and_(roles.c.parent_id == carriers.c.id, here)
    )
    others = select(*columns).select_from(
        carriers.join(role_parents, role_parents.c.parent_id == carriers.c.id).join(
            roles, and_(roles.c.id == role_parents.c.role_id, here)
        )
    )
    return carriers.union(heirs, last_step(others))


def _teams(carriers: CTE) -> CTE:
    """Teams that hold such a role or have such an overwrite, and those below them."""
    of = overwrites.c
    holding = select(assignments.c.team_id.label("team_id")).where(
        assignments.c.role_id.in_(select(carriers.c.id)),
        assignments.c.node.in_(NODES),
        assignments.c.team_id.is_not(None),
    )
    allowed = select(of.team_id.label("team_id")).where(
        of.place.in_(PLACES),
        of.team_id.is_not(None),
        of.permission_id.in_(GIVING),
        allows(overwrites),
    )
    either = union_all(holding, allowed).subquery()
    teams = select(either.c.team_id).cte("giving_teams", recursive=True)
    below = select(team_parents.c.team_id)
    return teams.union(
        below.join_from(teams, team_parents, team_parents.c.parent_id == teams.c.team_id)
    )
