"""The loss rule: no write takes anything from a user above its actor.

A denial placed low acts high: it is not enough to check the rank of the written row. So roles
are read before and after the change. Most changes take nothing; where one does, the affected people
above the actor are judged by the rules of a verdict, before and after, at each moment in their
assignments, with roles as they are and as if all were active. People with the same roles are
judged once, so that a role may have any number of holders.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.nodes import APPLICATIONS, node_held_at
from yoto.permission.loading.rights import NO_MARKS, Marks
from yoto.permission.loading.rows import assignments_of
from yoto.permission.loading.sites import Site
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.not_below import (
    OtherHoldings,
    Person,
    anybody_above,
    heir_above,
    members_of,
    people_not_below,
)
from yoto.permission.rank.role_snapshot import (
    ALLOW,
    DENY,
    RoleSnapshot,
    rows_around,
    sites_of,
)
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.comparison import Sides, moments
from yoto.permission.verdict.facts import NOWHERE, Assignment, By, UserFacts
from yoto.permission.verdict.resolver import FlatPlace, MembershipStatus, flatten
from yoto.permission.verdict.verdict import OUTRANKED
from yoto.store.models import Role, RoleAssignment, User


@dataclass
class RankChange:
    """The change made by a block of ``sparing``.

    Attributes:
        gone: roles that are going to be deleted as soon as the change is judged.
    """

    gone: set[int] = field(default_factory=set)


def by_home(roles: Iterable[Role]) -> dict[str, list[int]]:
    """The ids of roles by the hierarchy that they belong to."""
    found: dict[str, list[int]] = {}
    for role in roles:
        found.setdefault(role.home, []).append(role.id)
    return found


@contextmanager
def sparing(
    authority: Authority, home: str, role_ids: Collection[int], at: Place | None = None
) -> Iterator[RankChange]:
    """Refuse the change inside if it takes something from a user above the actor.

    A role that goes is named in the change and deleted after the block.

    Args:
        home: the node in whose hierarchy the actor acts; empty: that of the platform.
        role_ids: the roles that change.
        at: the node of the change, as in ``rankings_of``.

    Raises:
        PermissionDenied: with reason ``outranked`` and the names of the permissions to be lost.
    """
    change = RankChange()
    if authority.unbounded or not role_ids:
        yield change
        return
    session, registry = authority.session, authority.registry
    session.flush()
    homes = _homes(session, registry, home, role_ids)
    before = RoleSnapshot(session, registry, homes, role_ids)
    yield change
    session.flush()
    # In homes where the roles did not count before, the rest is unchanged.
    known, homes = homes, tuple(sorted({*homes, *_homes(session, registry, home, role_ids)}))
    after = RoleSnapshot(session, registry, homes, role_ids)
    if homes != known:
        before.shapes |= {k: v for k, v in after.shapes.items() if v.home not in ("", *known)}
        for role_id in before.shapes.keys() - before.known:
            before.given[role_id] = after.given[role_id]
    for role_id in change.gone:
        after.drop(role_id)
    taken = _taken(before, after, role_ids)
    if not taken:
        return
    heirs = before.heirs(role_ids) | after.heirs(role_ids)
    ground = _Ground(authority, before, after, {*taken, *_held_at(session, heirs)})
    everybody = any(
        before.shapes[role_id].is_default for role_id in heirs if role_id in before.shapes
    )
    holding = None if everybody else heirs
    people = people_not_below(authority, home, homes, before, holding, at=at)
    ground.examine(people)
    if not home and heir_above(authority, heirs, before):
        # A global role's effect on roles of homes is not checked home by home.
        lost = 0
        for mask in taken.values():
            lost |= mask
        raise authority.denied(OUTRANKED, lost)


def check_assignments(
    authority: Authority,
    user_id: int,
    home: str,
    role_ids: Collection[int],
    after: Callable[[tuple[Assignment, ...]], tuple[Assignment, ...]],
    at: Place | None = None,
) -> None:
    """Refuse to take roles from a user above, if they would lose anything by it.

    Args:
        home: the home of the roles; empty: they are global.
        after: from the user's assignments to the future ones.
        at: the node at which they are taken, as in ``rankings_of``.

    Raises: as ``sparing``.
    """
    if authority.unbounded or user_id == authority.actor_id:
        return
    if authority.rank_of(user_id, home, at) <= authority.height(home, at):
        return
    session, registry = authority.session, authority.registry
    session.flush()
    homes = _homes(session, registry, home, role_ids)
    snapshot = RoleSnapshot(session, registry, homes, role_ids)
    taken = {
        place: masks[ALLOW]
        for role_id in role_ids
        for place, masks in snapshot.sums(role_id, asleep=True).items()
        if masks[ALLOW]
    }
    held = dict(assignments_of(session, RoleAssignment.user_id == user_id)).get(user_id, ())
    others = OtherHoldings(session, ("", *homes), authority.now).of(user_id)
    belongs = frozenset(text for text in homes if belongs_to(session, user_id, text))
    nodes = {node_held_at(one.node) for one in held if one.node != NOWHERE}
    ground = _Ground(authority, snapshot, snapshot, {*taken, *nodes})
    ground.examine([Person(user_id, True, (*held, *others), (*after(held), *others), belongs)])


def check_set(
    authority: Authority,
    home: str,
    row: RoleAssignment,
    node_home: str,
    at: Place | None = None,
) -> None:
    """Refuse to take a role from a set at a node, if a user above would lose anything by that.

    A set is a team, everyone or the public.

    Args:
        home, at: as in ``check_assignments``.
        node_home: the home of the node; empty: it has none.

    Raises: as ``sparing``.
    """
    if authority.unbounded or not anybody_above(authority, home, at):
        return
    session = authority.session
    homes = (node_home,) if node_home != NOWHERE else ()
    snapshot = RoleSnapshot(session, authority.registry, homes, [row.role_id])
    sums = snapshot.sums(row.role_id, asleep=True)
    taken = {place for place, masks in sums.items() if masks[ALLOW]}
    ground = _Ground(authority, snapshot, snapshot, {*taken, node_held_at(row.node)})
    people = people_not_below(authority, home, homes, snapshot, [row.role_id], ground.nodes, at)
    ground.examine(
        one._replace(after=tuple(held for held in one.before if held.id != row.id))
        for one in people
    )


def belongs_to(session: Session, user_id: int, home: str) -> bool:
    """Whether a user belongs to a node."""
    members = members_of(home)
    return members is not None and (
        session.scalar(members.where(User.id == user_id).limit(1)) is not None
    )


def _held_at(session: Session, role_ids: Collection[int]) -> set[str]:
    """The nodes at which a user holds one of the roles: a loss above has an effect there."""
    found = select(RoleAssignment.node).where(
        RoleAssignment.role_id.in_(role_ids), RoleAssignment.node != NOWHERE
    )
    return {node_held_at(text) for text in session.scalars(found.distinct())}


def _taken(before: RoleSnapshot, after: RoleSnapshot, role_ids: Iterable[int]) -> dict[str, int]:
    """The permissions that the roles no longer allow, or deny anew, by place."""
    found: dict[str, int] = {}
    for role_id in role_ids:
        for asleep in (False, True):
            was = before.sums(role_id, asleep=asleep)
            now = after.sums(role_id, asleep=asleep)
            for place in was.keys() | now.keys():
                old, new = was.get(place, (0, 0)), now.get(place, (0, 0))
                mask = old[ALLOW] & ~new[ALLOW] | new[DENY] & ~old[DENY]
                if mask:
                    found[place] = found.get(place, 0) | mask
    return found


class _View(NamedTuple):
    """A place where something is taken, with roles as they are, or as if all were active."""

    site: Site
    marks: Marks
    sides: Sides


class _Ground:
    """The places where something is taken, before and after."""

    def __init__(
        self,
        authority: Authority,
        before: RoleSnapshot,
        after: RoleSnapshot,
        taken: Iterable[str],
    ) -> None:
        self._authority = authority
        session, mask_of = authority.session, authority.registry.mask_of_id
        bits = authority.registry.snapshot.bits
        sites = sites_of(session, taken).values()
        self._around = rows_around(session, sites)
        pair = [(one, one.rights(self._around)) for one in (before, after)]
        self._views: list[_View] = []
        for site in sites:
            marks = self._around.marks_at(site, mask_of, bits.width)
            for asleep in (False, True):
                was, is_ = (
                    flatten(one.facts(site, rights, asleep=asleep), bits) for one, rights in pair
                )
                self._views.append(_View(site, marks, Sides(was, is_, bits)))

    @property
    def nodes(self) -> set[str]:
        """The nodes at which roles that count in the places are held."""
        return {node for view in self._views for node in view.site.holding}

    def examine(self, people: Iterable[Person]) -> None:
        """Raises ``PermissionDenied`` for the first of them who would lose something."""
        seen: set[tuple[object, ...]] = set()
        for person in people:
            user_id, program = person.user_id, person.user_id > APPLICATIONS
            teams = tuple(self._around.teams.get(user_id, ()))
            for number, (site, marks, sides) in enumerate(self._views):
                held = _at(person.before, site), _at(person.after, site)
                member, own = site.home in person.homes, tuple(marks.own.get(user_id, NO_MARKS))
                owner = site.owner_id == user_id, user_id in dict(site.owners)
                counted = map(_without_ids, held)
                kind = (number, person.above, *counted, own, teams, member, program, owner)
                if kind in seen:
                    continue
                seen.add(kind)
                user = UserFacts(user_id, member=member, program=program)
                user = self._around.with_user(site, user, marks)
                was, is_ = (replace(user, assignments=one) for one in held)
                lost = self._lost(person.above, not site.levels, was, is_, sides)
                if lost:
                    raise self._authority.denied(OUTRANKED, lost)

    def _lost(self, above: bool, upper: bool, was: UserFacts, is_: UserFacts, sides: Sides) -> int:
        lost = 0
        for moment in moments(self._authority.now, was, is_):
            before, after = sides.at(moment, was, is_)
            if above:
                lost |= before.mask & ~after.mask
            if upper and before.status < MembershipStatus.ADMINISTRATOR:
                # A denial also affects permissions that they get later, or have further down.
                lost |= _denied(sides.after, is_, moment) & ~_denied(sides.before, was, moment)
        return lost


def _at(held: Iterable[Assignment], site: Site) -> tuple[Assignment, ...]:
    """Those of the assignments that concern a site."""
    return tuple(
        one
        for one in held
        if (one.node == NOWHERE or one.node in site.holding)
        and (one.by is not By.EVERYONE or site.home is not None)
    )


def _without_ids(held: Iterable[Assignment]) -> tuple[object, ...]:
    """The assignments as they count, so that those of several people are equal."""
    return tuple(one[: Assignment._fields.index("id")] for one in held)


def _denied(place: FlatPlace, user: UserFacts, moment: float) -> int:
    """The permissions that the user's roles deny in a place at ``moment``, in force or not."""
    denied = place.default.deny if user.member else 0
    for role_id, start, end, *_ in user.assignments:
        role = place.roles.get(role_id)
        if role is None or (role.of_home and not (user.member or user.program)):
            continue
        if (start is None or start <= moment) and (end is None or moment < end):
            denied |= role.deny
    return denied


def _homes(
    session: Session, registry: PermissionRegistry, home: str, role_ids: Collection[int]
) -> tuple[str, ...]:
    """The homes where the roles can count."""
    if home:
        return (home,)
    snapshot = RoleSnapshot(session, registry, (), role_ids)
    places = {place for role_id in snapshot.known for place, _ in snapshot.given[role_id]}
    places |= _held_at(session, role_ids)
    sites = sites_of(session, places).values()
    return tuple(sorted({site.home for site in sites if site.home is not None}))
