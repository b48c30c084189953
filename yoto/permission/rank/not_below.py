"""The people who rank above the actor of a write, or level with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied
from yoto.nodes import APPLICATIONS
from yoto.permission.loading import load
from yoto.permission.loading.places_sql import own_id
from yoto.permission.loading.rights import within
from yoto.permission.loading.rows import assignments_of, assignments_of_sets
from yoto.permission.loading.sites import site_at
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.ranking import OUTSIDE, rankings_of
from yoto.permission.rank.role_snapshot import RoleSnapshot, sites_of
from yoto.permission.rank.teams import members_of_teams, memberships
from yoto.permission.registry.scopes import Place, place_of_text
from yoto.permission.verdict.facts import Assignment
from yoto.permission.verdict.resolver import MembershipStatus, flatten, resolve
from yoto.permission.verdict.verdict import OUTRANKED, Decision
from yoto.store.models import NOWHERE, Role, RoleAssignment, RoleParent, User
from yoto.store.resources import known_types


def check_none_above(
    authority: Authority,
    homes: Iterable[str],
    user_ids: Iterable[int],
    *,
    or_equal: bool = False,
    reason: str = OUTRANKED,
    at: Place | None = None,
) -> None:
    """The rank rule for a write that affects people and programs, whatever each would lose by it.

    Args:
        homes: the nodes in whose hierarchies they are compared; empty: that of the platform.
        or_equal: the actor must stand above each of them, not only below none. Programs without a
            role there are below everybody.
        reason: the reason of the denial.
        at: the node of the write, as in ``rankings_of``.

    Raises:
        PermissionDenied: one of them, other than the actor, stands too high.
    """
    others = set(user_ids) - {authority.actor_id}
    if authority.unbounded or not others:
        return
    for home in dict.fromkeys(homes):
        rank = authority.height(home, at)
        for user_id, ranking in rankings_of(authority.session, others, home, at).items():
            other = ranking.at(authority.now)
            if user_id > APPLICATIONS and other == OUTSIDE:
                continue
            if other > rank or or_equal and other == rank:
                raise PermissionDenied(Decision(False, reason))


def check_none_above_at(
    authority: Authority, place: Place, user_ids: Iterable[int], reason: str = OUTRANKED
) -> None:
    """As ``check_none_above``, for owners and administrators of the nodes above.

    Raises:
        PermissionDenied: one of them, other than the actor, owns or administers a node above all
            that the actor owns or administers.
    """
    others = sorted(set(user_ids) - {authority.actor_id})
    if authority.unbounded or not others:
        return
    connection, now = authority.session.connection(), authority.now
    nodes = map(place_of_text, site_at(connection, place).nodes)
    higher = list(takewhile(lambda node: not authority.stands_at(node, now), nodes))
    if not higher:
        return
    facts, people = load(connection, others, higher[-1]).facts(authority.registry)
    bits = authority.registry.snapshot.bits
    flat = flatten(facts, bits)
    if any(
        resolve(flat, one, now, bits).status >= MembershipStatus.ADMINISTRATOR for one in people
    ):
        raise PermissionDenied(Decision(False, reason))


class Person(NamedTuple):
    """A person not below the actor.

    Attributes:
        above: stands above; else at the same height.
        after: the assignments after the change, if it changes them.
    """

    user_id: int
    above: bool
    before: tuple[Assignment, ...]
    after: tuple[Assignment, ...]
    homes: frozenset[str]


def _unexpired(now: float) -> ColumnElement[bool]:
    end = RoleAssignment.valid_until
    return or_(end.is_(None), end > datetime.fromtimestamp(now, UTC))


def _not_below(home: str, snapshot: RoleSnapshot, rank: int) -> dict[int, int]:
    """The roles of the hierarchy at or above a rank, with their positions."""
    return {
        role_id: shape.position
        for role_id, shape in snapshot.shapes.items()
        if shape.home == home and shape.active and not shape.is_default and shape.position >= rank
    }


def _holders(role_ids: Collection[int], now: float) -> Select[Any]:
    return select(RoleAssignment.user_id).where(
        RoleAssignment.role_id.in_(role_ids),
        RoleAssignment.user_id.is_not(None),
        _unexpired(now),
    )


def _ranked_holders(
    role_ids: Collection[int], now: float, ranking: Collection[str] = (NOWHERE,)
) -> Select[Any]:
    """People with a rank by a role that they hold themselves, at one of ``ranking``."""
    return _holders(role_ids, now).where(RoleAssignment.node.in_(ranking))


def _ranking_nodes(authority: Authority, at: Place | None) -> tuple[str, ...]:
    """The nodes at which a role ranks its holder in a write about the node ``at``."""
    if at is None:
        return (NOWHERE,)
    return (NOWHERE, *site_at(authority.session.connection(), at).holding)


class _Reached(NamedTuple):
    """Indirect holders of some roles, by a team or as everybody; a statement finds the others."""

    of_teams: frozenset[int]
    everybody: bool


def _reached(session: Session, role_ids: Collection[int], now: float) -> _Reached:
    """The indirect holders of the roles."""
    found = select(RoleAssignment.team_id).where(
        RoleAssignment.role_id.in_(role_ids), RoleAssignment.user_id.is_(None), _unexpired(now)
    )
    found_teams = set(session.scalars(found.distinct()))
    teams = [team_id for team_id in found_teams if team_id is not None]
    return _Reached(frozenset(members_of_teams(session, teams)), None in found_teams)


def people_not_below(
    authority: Authority,
    home: str,
    homes: Sequence[str],
    snapshot: RoleSnapshot,
    changed_roles: Collection[int] | None,
    nodes: Collection[str] | None = None,
    at: Place | None = None,
) -> Iterator[Person]:
    """The holders of ``changed_roles`` who are not below the actor, people and then programs.

    Each comes with the roles that they hold by sets at ``nodes``, or at none (None: anywhere).
    ``changed_roles`` None: any role.

    ``at`` is the node of the write, as in ``rankings_of``; here a role that is held there counts
    whether or not its holder belongs.

    The owner of a home is among them: no role takes the rights of the home from them, but rights
    of the platform count there as for everybody. Programs are among them if a role ranks them.
    """
    rank, now, session = authority.height(home, at), authority.now, authority.session
    ranked, ranking = _not_below(home, snapshot, rank), _ranking_nodes(authority, at)
    # Every member of a home stands above people outside it, whatever roles they hold.
    outside = home != NOWHERE and rank == OUTSIDE
    if home == NOWHERE and not ranked:
        return
    site = sites_of(session, [home]).get(home) if home else None
    owner_id = None if site is None else site.owner_id
    number = RoleAssignment.user_id
    wanted = [User.super_admin.is_(False), User.id != authority.actor_id]
    programs = [number > APPLICATIONS, number.in_(_ranked_holders(ranked, now, ranking))]
    if not outside:
        high = User.id.in_(_ranked_holders(ranked, now, ranking))
        wanted.append(high if owner_id is None else high | (User.id == owner_id))
    if changed_roles is not None:
        reached = _reached(session, changed_roles, now)
        if not reached.everybody:
            for who, conditions in ((User.id, wanted), (number, programs)):
                by_teams = who.in_(reached.of_teams)
                conditions.append(who.in_(_holders(changed_roles, now)) | by_teams)
    belonging: dict[int, set[str]] = {}
    for text in [home] if home else homes:
        members = members_of(text)
        if members is not None:
            if home:
                wanted.append(User.id.in_(members))
            else:
                among = members.where(User.id.in_(_ranked_holders(ranked, now, ranking)))
                for user_id in session.scalars(among):
                    belonging.setdefault(user_id, set()).add(text)
    others = OtherHoldings(session, (NOWHERE, *homes), now, nodes)
    of_homes = (Role.home.in_((NOWHERE, *homes)), _unexpired(now))
    held_by = dict(assignments_of(session, *wanted, *of_homes))
    for user_id in session.scalars(select(User.id).where(*wanted).order_by(User.id)):
        own = held_by.get(user_id, ())
        held = (*own, *others.of(user_id))
        if not held and changed_roles is not None:
            continue
        above = outside or user_id == owner_id or _highest(own, ranked, ranking) > rank
        where = belonging.get(user_id, ()) if home == NOWHERE else (home,)
        yield Person(user_id, above, held, held, frozenset(where))
    for user_id, own in assignments_of(session, *programs, *of_homes):
        held = (*own, *others.of(user_id))
        yield Person(user_id, _highest(own, ranked, ranking) > rank, held, held, frozenset())


def _highest(own: Iterable[Assignment], ranked: Mapping[int, int], ranking: Collection[str]) -> int:
    """The highest of the positions from a user's own roles at one of ``ranking``."""
    return max((ranked.get(one.role_id, -1) for one in own if one.node in ranking), default=-1)


def anybody_above(authority: Authority, home: str, at: Place | None = None) -> bool:
    """Whether anyone may rank above the actor; ``at`` as in ``people_not_below``.

    The owner of the home is left out, who loses nothing.
    """
    rank = authority.height(home, at)
    if home != NOWHERE and rank == OUTSIDE:
        return True
    found = (
        select(RoleAssignment.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(
            Role.home == home,
            Role.active == true(),
            Role.position > rank,
            RoleAssignment.node.in_(_ranking_nodes(authority, at)),
            RoleAssignment.user_id.is_not(None),
            _unexpired(authority.now),
        )
    )
    return authority.session.scalar(found.limit(1)) is not None


def members_of(home: str) -> Select[Any] | None:
    """The people who belong to a node; None: its type has no members."""
    place = place_of_text(home)
    members = known_types().get(place.kind).members
    if members is None:
        return None
    return select(User.id).where(
        members.node == place.id,
        members.person == own_id(User.__table__.c.id),
        members.belonging,
    )


class OtherHoldings:
    """Roles that people hold by teams and as everybody, at ``nodes`` or at none; None: anywhere."""

    def __init__(
        self,
        session: Session,
        homes: Collection[str],
        now: float,
        nodes: Collection[str] | None = None,
    ) -> None:
        wanted = [Role.home.in_(homes), _unexpired(now)]
        if nodes is not None:
            wanted.append(RoleAssignment.node.in_((NOWHERE, *nodes)))
        held = assignments_of_sets(session, *wanted)
        self._crowds = [one for one in held if one.team_id is None]
        of_teams: defaultdict[int, list[Assignment]] = defaultdict(list)
        for one in held:
            if one.team_id is not None:
                of_teams[one.team_id].append(one)
        self._by_user: dict[int, list[Assignment]] = {}
        for joined in memberships(session, of_teams):
            self._by_user.setdefault(joined.user_id, []).extend(
                within(one, *joined.window) for one in of_teams[joined.team_id]
            )

    def of(self, user_id: int) -> tuple[Assignment, ...]:
        """The assignments of one person."""
        return (*self._by_user.get(user_id, ()), *self._crowds)


def heir_above(authority: Authority, role_ids: Collection[int], snapshot: RoleSnapshot) -> bool:
    """Whether a user above holds a role of a home that inherits from one of ``role_ids``."""
    rank = authority.rank(NOWHERE)
    ranked = {
        role_id: position
        for role_id, position in _not_below(NOWHERE, snapshot, rank).items()
        if position > rank
    }
    if not ranked:
        return False
    session = authority.session
    found: set[int] = set()
    newest = set(role_ids)
    while newest:
        heirs = select(Role.id).where(Role.parent_id.in_(newest), Role.home != NOWHERE)
        more = (
            select(RoleParent.role_id)
            .join(Role, Role.id == RoleParent.role_id)
            .where(RoleParent.parent_id.in_(newest), Role.home != NOWHERE)
        )
        newest = {*session.scalars(heirs), *session.scalars(more)} - found
        found |= newest
    if not found:
        return False
    reached = _reached(session, found, authority.now)
    people = select(User.id).where(User.super_admin.is_(False), User.id != authority.actor_id)
    number = RoleAssignment.user_id
    for who, holding in (
        (User.id, people),
        (number, select(number).where(number > APPLICATIONS)),
    ):
        holding = holding.where(who.in_(_ranked_holders(ranked, authority.now)))
        if not reached.everybody:
            holders = who.in_(_holders(found, authority.now))
            holding = holding.where(holders | who.in_(reached.of_teams))
        if session.scalar(holding.limit(1)) is not None:
            return True
    return False
