"""Teams below and above each other, and their members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.permission.loading.rights import epoch
from yoto.store.models import TeamMember, TeamParent

# The deepest nesting of teams and roles; deeper ones are too hard to follow.
MOST_DEEP = 32
TOO_DEEP = f"more than {MOST_DEEP} would be below each other"

Edges = Mapping[int, Collection[int]]


def edges_from(ids: Collection[int], following: Callable[[set[int]], Iterable[Any]]) -> Edges:
    """The successors of each of ``ids`` and of all reached from them.

    Args:
        following: pairs of some ids and their successors, asked once for each level.
    """
    found: dict[int, list[int]] = {}
    newest = set(ids)
    while newest:
        found |= {one: [] for one in newest}
        for one, other in following(newest):
            found[one].append(other)
        newest = {other for one in newest for other in found[one]} - found.keys()
    return found


def reached(edges: Edges, start: int) -> set[int]:
    """The successors of one at any distance, and itself."""
    found = newest = {start}
    while newest:
        newest = {other for one in newest for other in edges[one]} - found
        found = found | newest
    return found


def longest(edges: Edges, start: int) -> int:
    """The length of the longest way from one; the count ends soon after ``MOST_DEEP``."""
    length, newest = 0, {start}
    while newest and length <= MOST_DEEP:
        newest = {other for one in newest for other in edges[one]}
        length += 1
    return length


class Joined(NamedTuple):
    """A member of a team, or of one below it, in a window of epoch seconds (None: no bound)."""

    user_id: int
    team_id: int
    window: tuple[float | None, float | None]


def teams_below(session: Session, team_ids: Collection[int]) -> set[int]:
    """These teams and all below them: a member of a lower team is also one of these."""
    return set(_below(session, team_ids))


def teams_above(session: Session, team_ids: Collection[int]) -> set[int]:
    """These teams and all above them."""
    return set(_above(session, team_ids))


def above_each(session: Session, team_ids: Collection[int]) -> dict[int, set[int]]:
    """Each of these teams with itself and all above it."""
    edges = _above(session, team_ids)
    return {team_id: reached(edges, team_id) for team_id in team_ids}


def members_of_teams(session: Session, team_ids: Collection[int]) -> set[int]:
    """The members of these teams, at any time."""
    every = teams_below(session, team_ids)
    found = select(TeamMember.user_id).where(TeamMember.team_id.in_(every))
    return set(session.scalars(found.distinct()))


def memberships(session: Session, team_ids: Collection[int]) -> Iterator[Joined]:
    """The memberships of these teams: a row for each team joined, at or below one of them."""
    edges = _below(session, team_ids)
    if not edges:
        return
    joins: defaultdict[int, list[int]] = defaultdict(list)
    for team_id in team_ids:
        for one in reached(edges, team_id):
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

    The longest of all ways from one team to another counts.
    """
    below, above = _below(session, [team_id]), _above(session, [parent_id])
    return longest(below, team_id) + longest(above, parent_id) > MOST_DEEP


def _below(session: Session, team_ids: Collection[int]) -> Edges:
    of = TeamParent
    rows = select(of.parent_id, of.team_id)
    return edges_from(
        team_ids, lambda newest: session.execute(rows.where(of.parent_id.in_(newest)))
    )


def _above(session: Session, team_ids: Collection[int]) -> Edges:
    of = TeamParent
    rows = select(of.team_id, of.parent_id)
    return edges_from(team_ids, lambda newest: session.execute(rows.where(of.team_id.in_(newest))))
