"""Who stands above the actor of a write, or at the same height, and holds some roles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select

from yoto.permission.facts import Assignment
from yoto.permission.hierarchy import OUTSIDE, Authority
from yoto.permission.role_snapshot import RoleSnapshot, assignments_of
from yoto.store.models import Member, Role, RoleAssignment, Server, User


class Person(NamedTuple):
    """Somebody not below the actor.

    Attributes:
        above: stands above; else at the same height.
        after: the assignments after the change, where it changes them.
    """

    user_id: int
    above: bool
    before: tuple[Assignment, ...]
    after: tuple[Assignment, ...]
    servers: frozenset[int]


def _unexpired(now: float) -> ColumnElement[bool]:
    end = RoleAssignment.valid_until
    return or_(end.is_(None), end > datetime.fromtimestamp(now, UTC))


def _not_below(authority: Authority, home: int | None, snapshot: RoleSnapshot) -> dict[int, int]:
    """The roles of the hierarchy at or above the actor's rank, with their positions."""
    rank = authority.rank(home)
    return {
        role_id: shape.position
        for role_id, shape in snapshot.shapes.items()
        if shape.server_id == home
        and shape.active
        and not shape.is_default
        and shape.position >= rank
    }


def _holders(role_ids: Collection[int], now: float) -> Select[int]:
    return select(RoleAssignment.user_id).where(
        RoleAssignment.role_id.in_(role_ids), _unexpired(now)
    )


def people_not_below(
    authority: Authority,
    home: int | None,
    homes: Sequence[int],
    snapshot: RoleSnapshot,
    touched: Collection[int] | None,
) -> Iterator[Person]:
    """Those not below the actor who hold one of the roles ``touched`` (None: all of them).

    The owner of a server is one of them: no role takes what belongs to the server, but what is of
    the platform counts there as for everybody.
    """
    ranked = _not_below(authority, home, snapshot)
    rank, now = authority.rank(home), authority.now
    # Every member of a server stands above who is none, whatever roles they hold.
    outside = home is not None and rank == OUTSIDE
    if home is None and not ranked:
        return
    owners = select(Server.owner_id).where(Server.id == home)
    owner_id = None if home is None else authority.session.scalar(owners)
    wanted = [
        User.super_admin.is_(False),
        RoleAssignment.user_id != authority.actor_id,
        Role.server_key.in_((0, *homes)),
        _unexpired(now),
    ]
    if not outside:
        high = RoleAssignment.user_id.in_(_holders(ranked, now))
        wanted.append(high if owner_id is None else high | (RoleAssignment.user_id == owner_id))
    if touched is not None:
        wanted.append(RoleAssignment.user_id.in_(_holders(touched, now)))
    members: dict[int, set[int]] = {}
    if home is not None:
        inside = select(Member.user_id).where(Member.server_id == home, Member.banned.is_(False))
        wanted.append(RoleAssignment.user_id.in_(inside))
    elif homes:
        rows = select(Member.user_id, Member.server_id).where(
            Member.server_id.in_(homes),
            Member.banned.is_(False),
            Member.user_id.in_(_holders(ranked, now)),
        )
        for user_id, server_id in authority.session.execute(rows):
            members.setdefault(user_id, set()).add(server_id)

    for user_id, held in assignments_of(authority.session, *wanted):
        highest = max((ranked.get(one.role_id, -1) for one in held), default=-1)
        above = outside or user_id == owner_id or highest > rank
        servers = members.get(user_id, ()) if home is None else (home,)
        yield Person(user_id, above, held, held, frozenset(servers))


def heir_above(authority: Authority, role_ids: Collection[int], snapshot: RoleSnapshot) -> bool:
    """Whether somebody above holds a role of a server that inherits from one of ``role_ids``."""
    ranked = {
        role_id: position
        for role_id, position in _not_below(authority, None, snapshot).items()
        if position > authority.rank(None)
    }
    if not ranked:
        return False
    session = authority.session
    found: set[int] = set()
    newest = set(role_ids)
    while newest:
        heirs = select(Role.id).where(Role.parent_id.in_(newest), Role.server_id.is_not(None))
        newest = set(session.scalars(heirs)) - found
        found |= newest
    if not found:
        return False
    above = (
        select(RoleAssignment.id)
        .join(User, User.id == RoleAssignment.user_id)
        .where(
            User.super_admin.is_(False),
            RoleAssignment.user_id != authority.actor_id,
            RoleAssignment.role_id.in_(found),
            RoleAssignment.user_id.in_(_holders(ranked, authority.now)),
            _unexpired(authority.now),
        )
    )
    return session.scalar(above.limit(1)) is not None
