"""Teams below and above each other, and their members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.permission.loading.rights import epoch
from yoto.permission.rank.nesting import MOST_DEEP, Edges, edges_from, longest, reached
from yoto.store.models import TeamMember, TeamParent


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
