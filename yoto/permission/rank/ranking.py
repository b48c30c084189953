"""The ranks of people and programs: the positions of roles that they hold.

Roles of a home are ranked within it, global roles among themselves. A role that is held at a node
ranks its holder in writes at that node and below it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from yoto.permission.database.statements import these_ids
from yoto.permission.loading import memberships_at
from yoto.permission.loading.rights import epoch
from yoto.permission.registry.scopes import MAX_ID, Place, place_of_text
from yoto.store.models import NOWHERE, Role, RoleAssignment

OUTSIDE = -1  # below every role: not a member, or holder of no global role
LOWEST = 0  # a member who holds only the default role
OWNER_RANK = MAX_ID  # above every position that a role can have
UNBOUND_RANK = OWNER_RANK + 1  # super-admins, and the system itself


def may_handle(rank: int, position: int) -> bool:
    """Whether an actor of ``rank`` may give, take and edit a role at ``position``."""
    return position < rank


class HeldPosition(NamedTuple):
    """A user's position from ``start`` to ``end``, epoch seconds, by a role."""

    position: int
    start: float | None
    end: float | None
    role_id: int = 0

    def is_in_force(self, moment: float) -> bool:
        """Whether it counts at ``moment``."""
        started = self.start is None or self.start <= moment
        return started and (self.end is None or moment < self.end)


class Ranking(NamedTuple):
    """A user's rank: never below ``floor``, and by the roles that they hold over time."""

    floor: int
    held: tuple[HeldPosition, ...] = ()

    def at(self, moment: float) -> int:
        """The rank at ``moment``, epoch seconds."""
        return max((self.floor, *(one.position for one in self.held if one.is_in_force(moment))))

    def highest(self, moment: float) -> int | None:
        """The role that ranks highest at ``moment``; None: there is none."""
        in_force = [one for one in self.held if one.is_in_force(moment)]
        return max(in_force, key=lambda one: one.position).role_id if in_force else None

    def throughout(self, now: float, until: float | None) -> int:
        """The lowest rank from ``now`` until then; None: for ever."""
        ends = (one.end for one in self.held if one.end is not None and one.end > now)
        within = (end for end in ends if until is None or end < until)
        return min(self.at(moment) for moment in (now, *within))


def rank_of(session: Session, user_id: int, home: str, now: float, at: Place | None = None) -> int:
    """Position of the highest role that the user holds ``now`` (there, or global).

    Args:
        at: see ``rankings_of``.

    Raises:
        UnknownResource: there is no such node.
    """
    return rankings_of(session, [user_id], home, at)[user_id].at(now)


def rankings_of(
    session: Session, user_ids: Collection[int], home: str, at: Place | None = None
) -> dict[int, Ranking]:
    """People's and programs' rankings by active roles, in as many statements as of one.

    Roles held by a team or by everybody give no rank.

    Args:
        at: the node of a write, where roles that are held at it, or above it, rank their holders
            too, if they count for them; None: only roles held at no node do.

    Raises: as ``rank_of``.
    """
    floors, ranked = dict.fromkeys(user_ids, OUTSIDE), set(user_ids)
    if home != NOWHERE:
        loaded = memberships_at(session.connection(), list(floors), place_of_text(home))
        # A program is a member of no node, and belongs wherever it holds a role.
        ranked = {one.user_id for one in loaded.people if one.member or one.program}
        floors |= {one.user_id: LOWEST for one in loaded.people if one.member}
        if loaded.site.owner_id in floors:
            floors[loaded.site.owner_id] = OWNER_RANK
    nodes: tuple[str, ...] = ()
    inside: set[int] = set()
    outside: frozenset[str] = frozenset()
    if at is not None:
        there = memberships_at(session.connection(), list(floors), at)
        nodes, outside = there.site.holding, there.site.outside
        inside = {
            one.user_id
            for one in there.people
            if one.member
            or one.program
            or there.site.home is None
            or one.user_id == there.site.owner_id
        }
    of = RoleAssignment
    rows = (
        select(of.user_id, of.node, Role.position, of.valid_from, of.valid_until, Role.id)
        .join(RoleAssignment, of.role_id == Role.id)
        .where(
            of.user_id.in_(these_ids(floors)),
            of.node.in_((NOWHERE, *nodes)),
            Role.home == home,
            Role.active == true(),
        )
    )
    held: dict[int | None, list[HeldPosition]] = {user_id: [] for user_id in floors}
    for user_id, node, position, starts, ends, role_id in session.execute(rows):
        if user_id in ranked if node == NOWHERE else user_id in inside or node in outside:
            held[user_id].append(HeldPosition(position, epoch(starts), epoch(ends), role_id))
    return {user_id: Ranking(floor, (*held[user_id],)) for user_id, floor in floors.items()}
