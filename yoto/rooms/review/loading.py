"""Reading the present rows that a history begins from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import false, null, or_, select, true
from sqlalchemy.engine import Connection

from yoto.nodes import APPLICATIONS, text_of
from yoto.permission.audited import TEAM
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
    programs,
    provided,
    provides_roles,
    team_members,
    team_parents,
    users,
)
from yoto.permission.loading.places_sql import IDS, person_number
from yoto.permission.loading.rights import epoch
from yoto.permission.loading.rows import roles_of
from yoto.permission.loading.sites import Site
from yoto.permission.rank.teams import edges_from
from yoto.permission.registry.scopes import place_of_text
from yoto.permission.verdict.facts import Assignment, By
from yoto.rooms.review.history import Account, History, Membership
from yoto.store.models import NOWHERE
from yoto.store.resources import known_types

OF_ROLES = ids_in(ROLE_IDS)


def load_history(
    connection: Connection, site: Site, wanted: Sequence[int], lenders: Collection[str]
) -> History:
    """The present rows that matter for the permissions ``wanted`` in a place, without accounts and
    members of teams.

    Args:
        lenders: nodes whose overwrites the place may have taken before.
    """
    found = History(site, site.owner_id)
    if found.sync is not None:
        here = site.types[-1].id == site.place.id
        lender = connection.scalar(select(found.sync.lender).where(here))
        found.lender = None if lender is None else text_of(found.sync.type, lender)
        found.synced = bool(site.overwritten) and site.overwritten[-1] != str(site.place)
    _add_roles(connection, found)
    _add_grants(connection, found, wanted)
    _add_groups(connection, found, wanted)
    now = () if found.lender is None else (found.lender,)
    _add_overwrites(connection, found, wanted, (*lenders, *now))
    if site.home is not None:
        _add_members(connection, found, site.home)
    return found


def _add_roles(connection: Connection, found: History) -> None:
    """Add the roles of the home and the global ones, with their holders."""
    found.roles = roles_of(connection, {NOWHERE, found.site.home or NOWHERE})
    _add_holders(connection, found, {ROLE_IDS: id_array(found.roles)})


def _add_holders(connection: Connection, found: History, ids: dict[str, str]) -> None:
    of = assignments.c
    for subject, role_id, node, starts, ends in connection.execute(
        select(of.subject, of.role_id, of.node, of.valid_from, of.valid_until).where(
            of.role_id.in_(OF_ROLES), of.node.in_([NOWHERE, *found.site.holding])
        ),
        ids,
    ):
        found.hold(subject, role_id, node, (epoch(starts), epoch(ends)))
    if provides_roles():
        given = provided.c
        for user_id, role_id, node, ends in connection.execute(
            select(given.user_id, given.role_id, given.node, given.valid_until).where(
                given.role_id.in_(OF_ROLES), given.node.in_([NOWHERE, *found.site.nodes])
            ),
            ids,
        ):
            held = Assignment(role_id, None, epoch(ends), node, By.PROVIDER)
            found.provided[user_id].append(held)


def _add_grants(connection: Connection, found: History, wanted: Sequence[int]) -> None:
    ids = {ROLE_IDS: id_array(found.roles)}
    for role_id, permission_id, scope, allow in connection.execute(
        select(grants.c.role_id, grants.c.permission_id, grants.c.scope_key, allows(grants)).where(
            grants.c.role_id.in_(OF_ROLES), grants.c.permission_id.in_(wanted)
        ),
        ids,
    ):
        found.grants[role_id, permission_id, scope] = bool(allow)
    for role_id, group_id, scope, allow in connection.execute(
        select(
            group_grants.c.role_id,
            group_grants.c.group_id,
            group_grants.c.scope_key,
            allows(group_grants),
        ).where(group_grants.c.role_id.in_(OF_ROLES)),
        ids,
    ):
        found.group_grants[role_id, group_id, scope] = bool(allow)


def _add_groups(connection: Connection, found: History, wanted: Sequence[int]) -> None:
    for group_id, name in connection.execute(select(groups.c.id, groups.c.name)):
        found.groups[group_id] = set()
        found.group_names[name] = group_id
    for group_id, permission_id in connection.execute(
        select(in_group.c.group_id, in_group.c.permission_id).where(
            in_group.c.permission_id.in_(wanted)
        )
    ):
        found.groups[group_id].add(permission_id)


def _add_overwrites(
    connection: Connection, found: History, wanted: Sequence[int], lenders: Collection[str]
) -> None:
    """Add the overwrites of the nodes, and of those that they may have taken over."""
    site = found.site
    if not site.levels:
        return
    places = {*site.levels, *site.overwritten, *lenders}
    statement = select(
        overwrites.c.overwrite_key, overwrites.c.permission_id, allows(overwrites)
    ).where(overwrites.c.permission_id.in_(wanted), overwrites.c.place.in_(places))
    for key, permission_id, allow in connection.execute(statement):
        place, _, target = key.partition("/")
        found.overwrites[place, target, permission_id] = bool(allow)


def _add_members(connection: Connection, found: History, home: str) -> None:
    node = place_of_text(home)
    members = known_types().get(node.kind).members
    assert members is not None
    nothing: Any = null()
    columns = (
        person_number(members.person),
        nothing if members.banned is None else members.banned,
        nothing if members.timeout_until is None else members.timeout_until,
    )
    statement = select(*columns).where(members.node == node.id)
    for user_id, banned, timeout_until in connection.execute(statement):
        found.members[user_id] = Membership(bool(banned), epoch(timeout_until))


def add_teams(
    connection: Connection,
    found: History,
    team_ids: Iterable[int],
    nested: Collection[tuple[int, int]],
) -> None:
    """Add members of these teams, of those with roles or overwrites, and of all below.

    Args:
        nested: teams, each with one that it was in, be it before.
    """
    named = [*(target for _, target, _ in found.overwrites), *(one for one, _, _ in found.sets)]
    found.teams = {int(one.removeprefix(TEAM)) for one in named if one.startswith(TEAM)}
    found.teams |= set(team_ids)

    def below(newest: set[int]) -> Iterable[tuple[int, int]]:
        of = team_parents.c
        rows = select(of.parent_id, of.team_id).where(of.parent_id.in_(newest))
        for parent_id, team_id in connection.execute(rows):
            found.nested.add((team_id, parent_id))
            yield parent_id, team_id
        yield from ((parent_id, team_id) for team_id, parent_id in nested if parent_id in newest)

    every = edges_from(found.teams, below)
    of = team_members.c
    rows = select(of.team_id, of.user_id, of.valid_from, of.valid_until)
    for team_id, user_id, starts, ends in connection.execute(rows.where(of.team_id.in_(every))):
        found.joined[team_id][user_id] = (epoch(starts), epoch(ends))


def add_accounts(
    connection: Connection, found: History, user_ids: Iterable[int], every: bool
) -> None:
    """Add the accounts of these users, of all in the rows, and of the super-admins.

    Args:
        every: whether all accounts are added, since the public holds something, or did.
    """
    concerned = {IDS: id_array({*user_ids, *found.users()})}
    people = select(users.c.id, users.c.disabled, users.c.super_admin)
    number = programs.c.id + APPLICATIONS
    others = select(number, programs.c.disabled, false())
    if not every:
        people = people.where(or_(users.c.id.in_(ids_in(IDS)), users.c.super_admin == true()))
        others = others.where(number.in_(ids_in(IDS)))
    for statement in (people, others):
        for user_id, disabled, super_admin in connection.execute(statement, concerned):
            found.accounts[user_id] = Account(bool(disabled), bool(super_admin))
