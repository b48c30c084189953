"""The loss rule: no write takes anything from a user above its actor.

A denial placed low acts high: it is not enough to check the rank of the written row. So roles
are read before and after the change. Most changes take nothing; where one does, the affected people
above the actor are judged by the rules of a verdict, before and after, at each moment in their
assignments, with roles as they are and as if all were active. People with the same roles are
judged once, so that a role may have any number of holders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.nodes import APPLICATIONS, node_held_at
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
from yoto.permission.rank.teams import memberships
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.facts import NOWHERE, Assignment, By, TeamFacts, UserFacts
from yoto.permission.verdict.resolver import FlatPlace, MembershipStatus, flatten, resolve
from yoto.permission.verdict.verdict import OUTRANKED
from yoto.store.models import Role, RoleAssignment, User


@dataclass
class Change:
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
) -> Iterator[Change]:
    """Refuse the change inside if it takes something from a user above the actor.

    A role that goes is named in the change and deleted after the block.

    Args:
        home: the node in whose hierarchy the actor acts; empty: that of the platform.
        role_ids: the roles that change.
        at: the node of the change, as in ``rankings_of``.

    Raises:
        PermissionDenied: with reason ``outranked`` and the names of the permissions to be lost.
    """
    change = Change()
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
        self._bits = authority.registry.snapshot.bits
        sites = sites_of(session, taken)
        around = rows_around(session, sites)
        pair = [(one, one.rights(around)) for one in (before, after)]
        self._views: list[tuple[Site, list[FlatPlace]]] = [
            (
                site,
                [
                    flatten(one.facts(site, rights, asleep=asleep), self._bits)
                    for one, rights in pair
                ],
            )
            for site in sites.values()
            for asleep in (False, True)
        ]
        # The permissions that overwrites give, and take, by target and node.
        self._own, self._of_teams = _marks(), _marks()
        for node, marks in around.overwrites.items():
            for mark in marks:
                for of, whose in ((self._own, mark.user_id), (self._of_teams, mark.team_id)):
                    if whose is not None:
                        of[whose][node][not mark.allows] |= mask_of(mark.permission_id)
        self._teams = _teams_of(session, self._of_teams)

    @property
    def nodes(self) -> set[str]:
        """The nodes at which roles that count in the places are held."""
        return {node for site, _ in self._views for node in site.holding}

    def examine(self, people: Iterable[Person]) -> None:
        """Raises ``PermissionDenied`` for the first of them who would lose something."""
        seen: set[tuple[object, ...]] = set()
        for person in people:
            for site, (before, after) in self._views:
                facts = self._facts(person, site)
                kind = (
                    id(before),
                    (person.above, person.before, person.after),
                    (facts.own_allow, facts.own_deny, facts.teams, facts.member),
                    (site.owner_id == person.user_id, person.user_id in dict(site.owners)),
                )
                if kind in seen:
                    continue
                seen.add(kind)
                lost = self._lost(person, facts, site, before, after)
                if lost:
                    raise self._authority.denied(OUTRANKED, lost)

    def _facts(self, person: Person, site: Site) -> UserFacts:
        """The person at a site, with the roles that they hold before the change."""
        own = self._packed(self._own[person.user_id], site)
        teams = tuple(
            TeamFacts(team_id, starts, ends, *self._packed(self._of_teams[team_id], site))
            for team_id, starts, ends in self._teams.get(person.user_id, ())
        )
        return UserFacts(
            person.user_id,
            member=site.home in person.homes,
            assignments=_at(person.before, site),
            own_allow=own[ALLOW],
            own_deny=own[DENY],
            teams=teams,
            program=person.user_id > APPLICATIONS,
        )

    def _packed(self, given: Mapping[str, list[int]], site: Site) -> tuple[int, int]:
        """The overwrites at the nodes of a site, level by level."""
        allow = deny = 0
        for level, place in enumerate(site.overwritten):
            masks = given.get(place)
            if masks is not None:
                allow |= masks[ALLOW] << level * self._bits.width
                deny |= masks[DENY] << level * self._bits.width
        return allow, deny

    def _lost(
        self, person: Person, old: UserFacts, site: Site, before: FlatPlace, after: FlatPlace
    ) -> int:
        new = replace(old, assignments=_at(person.after, site))
        lost = 0
        for moment in self._moments(person):
            was = resolve(before, old, moment, self._bits)
            now = resolve(after, new, moment, self._bits)
            if person.above:
                lost |= was.mask & ~now.mask
            if not site.levels and was.status < MembershipStatus.ADMINISTRATOR:
                # A denial also affects permissions that they get later, or have further down.
                lost |= _denied(after, new, moment) & ~_denied(before, old, moment)
        return lost

    def _moments(self, person: Person) -> list[float]:
        now = self._authority.now
        ends = {
            moment
            for held in (*person.before, *person.after)
            for moment in (held.valid_from, held.valid_until)
            if moment is not None and moment > now
        }
        return [now, *ends]


def _marks() -> defaultdict[int, defaultdict[str, list[int]]]:
    return defaultdict(lambda: defaultdict(lambda: [0, 0]))


def _at(held: Iterable[Assignment], site: Site) -> tuple[Assignment, ...]:
    """Those of the assignments that concern a site."""
    return tuple(
        one
        for one in held
        if (one.node == NOWHERE or one.node in site.holding)
        and (one.by is not By.EVERYONE or site.home is not None)
    )


def _teams_of(
    session: Session, team_ids: Iterable[int]
) -> dict[int, list[tuple[int, float | None, float | None]]]:
    """The teams with overwrites here, by their members, with time windows."""
    found: dict[int, list[tuple[int, float | None, float | None]]] = {}
    for one in memberships(session, [*team_ids]):
        found.setdefault(one.user_id, []).append((one.team_id, *one.window))
    return found


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
