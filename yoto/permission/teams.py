"""Teams below and above each other, and who is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.permission.loading.rights import epoch
from yoto.store.models import TeamMember, TeamParent

# Teams stand no deeper below each other: what nobody could follow any more.
MOST_DEEP = 32

Edges = Mapping[int, Collection[int]]


class Joined(NamedTuple):
    """Somebody in a team, or in one below it, in a window of epoch seconds (None: no bound)."""

    user_id: int
    team_id: int
    window: tuple[float | None, float | None]


def teams_below(session: Session, team_ids: Collection[int]) -> set[int]:
    """These teams and all below them: whoever is in one of those is in one of these."""
    return set(_below(session, team_ids))


def teams_above(session: Session, team_ids: Collection[int]) -> set[int]:
    """These teams and all above them."""
    return set(_above(session, team_ids))


def above_each(session: Session, team_ids: Collection[int]) -> dict[int, set[int]]:
    """Each of these teams with itself and all above it."""
    return _each(_above(session, team_ids), team_ids)


def members_of_teams(session: Session, team_ids: Collection[int]) -> set[int]:
    """Who is in one of these teams, at whatever time."""
    every = teams_below(session, team_ids)
    found = select(TeamMember.user_id).where(TeamMember.team_id.in_(every))
    return set(session.scalars(found.distinct()))


def memberships(session: Session, team_ids: Collection[int]) -> Iterator[Joined]:
    """Who is in which of these teams: a row for each team, at or below it, that they joined."""
    edges = _below(session, team_ids)
    if not edges:
        return
    joins: defaultdict[int, list[int]] = defaultdict(list)
    for team_id, below in _each(edges, team_ids).items():
        for one in below:
            joins[one].append(team_id)
    of = TeamMember
    rows = select(of.user_id, of.team_id, of.valid_from, of.valid_until).where(
        of.team_id.in_(joins)
    )
    for user_id, joined, starts, ends in session.execute(rows):
        for team_id in joins[joined]:
            yield Joined(user_id, team_id, (epoch(starts), epoch(ends)))


def are_too_deep(session: Session, team_id: int, parent_id: int) -> bool:
    """Whether more than ``MOST_DEEP`` teams would stand one below the other with this parent.

    The longest way counts, of all that lead from one team to another.
    """
    below, above = _below(session, [team_id]), _above(session, [parent_id])
    return _longest(below, team_id) + _longest(above, parent_id) > MOST_DEEP


def _below(session: Session, team_ids: Collection[int]) -> Edges:
    return _edges(session, team_ids, TeamParent.parent_id, TeamParent.team_id)


def _above(session: Session, team_ids: Collection[int]) -> Edges:
    return _edges(session, team_ids, TeamParent.team_id, TeamParent.parent_id)


def _edges(session: Session, team_ids: Collection[int], here: Any, there: Any) -> Edges:
    """What comes next after each of the teams and of all reached from them, in one walk."""
    found: dict[int, list[int]] = {}
    newest = set(team_ids)
    while newest:
        found |= {team_id: [] for team_id in newest}
        for team_id, following in session.execute(select(here, there).where(here.in_(newest))):
            found[team_id].append(following)
        newest = {one for team_id in newest for one in found[team_id]} - found.keys()
    return found


def _each(edges: Edges, team_ids: Collection[int]) -> dict[int, set[int]]:
    """What each of the teams reaches, itself too."""
    found = {}
    for team_id in team_ids:
        reached = newest = {team_id}
        while newest:
            newest = {following for one in newest for following in edges[one]} - reached
            reached = reached | newest
        found[team_id] = reached
    return found


def _longest(edges: Edges, team_id: int) -> int:
    """How many teams are on the longest way from one; ends soon after ``MOST_DEEP``."""
    length, newest = 0, {team_id}
    while newest and length <= MOST_DEEP:
        newest = {following for one in newest for following in edges[one]}
        length += 1
    return length
