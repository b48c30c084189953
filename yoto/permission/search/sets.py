"""The sets of people with a permission in a place: teams, everybody of a node, the public."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from yoto.nodes import PUBLIC_NUMBER
from yoto.permission.database.statements import allows, assignments, overwrites
from yoto.permission.loading import Loaded, load_one
from yoto.permission.loading.rights import Mark, Membership, epoch
from yoto.permission.loading.sites import implying, site_at
from yoto.permission.loading.source import reading
from yoto.permission.people.kinds import PUBLIC, Everyone, Team
from yoto.permission.rank.teams import above_each
from yoto.permission.registry.scopes import parse_place, place_of_text
from yoto.permission.search.users import teams_that_could, users_parameters
from yoto.permission.state import PermissionState
from yoto.permission.verdict.facts import Assignment, By, UserFacts
from yoto.permission.verdict.resolver import flatten, resolve
from yoto.store.db import db


def list_sets(state: PermissionState, permission: str, scope: str, scope_id: Any) -> list[Any]:
    """See ``Searching.list_sets``."""
    registered = state.registry.get(permission)
    place = parse_place(scope, scope_id)
    with reading() as connection:
        site = site_at(connection, place)
        asked = users_parameters(state, [registered], site)
        # All people may have it, except for a gate that a team opens.
        asked["giving"] = [*asked["giving"], *implying(place, state.registry.snapshot)]
        teams = list(connection.scalars(teams_that_could(), asked))
        above = above_each(db.session(), teams)
        every = set().union(*above.values())
        held = _held(connection, every, ["", *site.holding])
        roles = [one.role_id for one in held]
        # The public holds what all people do; the roles of teams are read beside those.
        loaded = load_one(connection, PUBLIC_NUMBER, place, roles)
        _add_teams(connection, loaded, held, every)
    rights, bits, now = loaded.rights, state.registry.snapshot.bits, state.clock()
    facts, _ = loaded.facts(state.registry)
    flat = flatten(facts, bits)
    marks = rights.marks_at(site, state.registry.mask_of_id, bits.width)
    # An anonymous member of each set, by a number that belongs to no person.
    placeholder = UserFacts(-1, program=True)
    sets: list[tuple[Any, UserFacts]] = [(PUBLIC, UserFacts(PUBLIC_NUMBER, public=True))]
    if site.home is not None:
        home = place_of_text(site.home)
        sets.append((Everyone(home.kind, home.id), UserFacts(-1, member=True)))
    found = []
    for subject, person in sets:
        user = rights.with_user(site, person, marks)
        if resolve(flat, user, now, bits).mask & registered.mask:
            found.append(subject)
    for team_id in sorted(teams):
        rights.teams[placeholder.user_id] = [Membership(one, None, None) for one in above[team_id]]
        user = rights.with_user(site, placeholder, marks)
        if resolve(flat, user, now, bits).mask & registered.mask:
            found.append(Team(team_id))
    return found


def _held(connection: Connection, team_ids: set[int], nodes: list[str]) -> list[Assignment]:
    """The roles that teams hold there, in force or not."""
    of = assignments.c
    rows = connection.execute(
        select(of.role_id, of.valid_from, of.valid_until, of.node, of.id, of.team_id).where(
            of.team_id.in_(team_ids), of.node.in_(nodes)
        )
    )
    return [
        Assignment(role_id, epoch(starts), epoch(ends), node, By.TEAM, id_, team_id)
        for role_id, starts, ends, node, id_, team_id in rows
    ]


def _add_teams(
    connection: Connection, loaded: Loaded, held: list[Assignment], team_ids: set[int]
) -> None:
    """Add the roles and overwrites of teams."""
    for one in held:
        assert one.team_id is not None
        loaded.rights.of_teams[one.team_id].append(one)
    of = overwrites.c
    rows = connection.execute(
        select(of.place, of.team_id, of.permission_id, allows(overwrites)).where(
            of.team_id.in_(team_ids), of.place.in_(loaded.site.overwritten or [""])
        )
    )
    for place, team_id, permission_id, allow in rows:
        mark = Mark(None, None, team_id, permission_id, bool(allow))
        loaded.rights.overwrites[place].append(mark)
