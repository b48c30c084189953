"""Nobody takes anything from somebody above them, whatever the write is.

A denial placed low acts high: it is not enough to look at the rank of what is written. So roles
are read before and after the change. Most changes take nothing; where one does, those above the
actor whom it reaches are judged by the rules of a verdict, before and after, at each moment that
their assignments tell of, with roles as they are and as if all were active. People with the same
roles are judged once, so that a role may have any number of holders.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.permission.facts import Assignment, UserFacts
from yoto.permission.hierarchy import Authority
from yoto.permission.not_below import Person, heir_above, people_not_below
from yoto.permission.resolver import FlatPlace, Standing, flatten, resolve
from yoto.permission.role_snapshot import (
    ALLOW,
    DENY,
    LocalRows,
    RoleSnapshot,
    Site,
    assignments_of,
    rows_around,
    sites_of,
)
from yoto.permission.scopes import CATEGORY, Place
from yoto.permission.statements import CHANNEL
from yoto.permission.verdict import OUTRANKED
from yoto.store.models import Member, Role, RoleAssignment

LOCAL_KINDS = (CHANNEL, CATEGORY)


@dataclass
class Change:
    """What the block of ``sparing`` says about its change.

    Attributes:
        gone: roles that are going to be deleted as soon as the change is judged.
    """

    gone: set[int] = field(default_factory=set)


def by_home(roles: Iterable[Role]) -> dict[int | None, list[int]]:
    """The ids of roles by the hierarchy that they belong to."""
    found: dict[int | None, list[int]] = {}
    for role in roles:
        found.setdefault(role.server_id, []).append(role.id)
    return found


@contextmanager
def sparing(authority: Authority, home: int | None, role_ids: Collection[int]) -> Iterator[Change]:
    """Refuse the change inside if it takes something from somebody above the actor.

    A role that goes is named in the change and deleted after the block.

    Args:
        home: the server in whose hierarchy the actor acts; None: that of the platform.
        role_ids: the roles that the change is about.

    Raises:
        PermissionDenied: with reason ``outranked`` and the names of what they would lose.
    """
    change = Change()
    if authority.unbounded or not role_ids:
        yield change
        return
    session, registry = authority.session, authority.registry
    session.flush()
    homes = _homes(session, home, role_ids)
    before = RoleSnapshot(session, registry.mask_of_id, homes, role_ids)
    yield change
    session.flush()
    # In servers where the roles did not count before the rest is as it was.
    known, homes = homes, tuple(sorted({*homes, *_homes(session, home, role_ids)}))
    after = RoleSnapshot(session, registry.mask_of_id, homes, role_ids)
    if homes != known:
        before.shapes |= {
            k: v for k, v in after.shapes.items() if v.server_id not in (None, *known)
        }
        for role_id in before.shapes.keys() - before.known:
            before.base[role_id] = after.base[role_id]
    for role_id in change.gone:
        after.drop(role_id)
    taken = _taken(before, after, role_ids)
    if not taken:
        return
    ground = _Ground(authority, before, after, taken)
    heirs = before.heirs(role_ids) | after.heirs(role_ids)
    everybody = any(
        before.shapes[role_id].is_default for role_id in heirs if role_id in before.shapes
    )
    people = people_not_below(authority, home, homes, before, None if everybody else heirs)
    ground.judge(people)
    if home is None and heir_above(authority, heirs, before):
        # What a global role gives to roles of servers is not looked at server by server.
        lost = 0
        for mask in taken.values():
            lost |= mask
        raise authority.denied(OUTRANKED, lost)


def check_assignments(
    authority: Authority,
    user_id: int,
    home: int | None,
    role_ids: Collection[int],
    after: Callable[[tuple[Assignment, ...]], tuple[Assignment, ...]],
) -> None:
    """Refuse to take roles from somebody above, if they would lose anything by that.

    Args:
        home: the server of the roles; None: they are global.
        after: from the user's assignments to what they are going to be.

    Raises: as ``sparing``.
    """
    if authority.unbounded or user_id == authority.actor_id:
        return
    if authority.rank_of(user_id, home) <= authority.rank(home):
        return
    session, registry = authority.session, authority.registry
    session.flush()
    homes = _homes(session, home, role_ids)
    snapshot = RoleSnapshot(session, registry.mask_of_id, homes, role_ids)
    taken = {
        place: masks[ALLOW]
        for role_id in role_ids
        for place, masks in snapshot.sums(role_id, asleep=True).items()
        if masks[ALLOW]
    }
    held = dict(assignments_of(session, RoleAssignment.user_id == user_id)).get(user_id, ())
    servers = frozenset(
        session.scalars(
            select(Member.server_id).where(
                Member.user_id == user_id,
                Member.server_id.in_(homes),
                Member.banned.is_(False),
            )
        )
    )
    ground = _Ground(authority, snapshot, snapshot, taken)
    ground.judge([Person(user_id, True, held, after(held), servers)])


def _taken(before: RoleSnapshot, after: RoleSnapshot, role_ids: Iterable[int]) -> dict[Place, int]:
    """What the roles no longer allow, or deny anew, by place."""
    found: dict[Place, int] = {}
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
        taken: Iterable[Place],
    ) -> None:
        self._authority = authority
        session, mask_of = authority.session, authority.registry.mask_of_id
        self._bits = authority.registry.snapshot.bits
        sites = sites_of(session, taken)
        around = rows_around(session, mask_of, sites)
        self._own = around.own
        self._views: list[tuple[Place, Site, FlatPlace, FlatPlace]] = [
            (place, site, *self._pair(before, after, place, site, around, asleep))
            for place, site in sites.items()
            for asleep in (False, True)
        ]

    def _pair(
        self,
        before: RoleSnapshot,
        after: RoleSnapshot,
        place: Place,
        site: Site,
        around: LocalRows,
        asleep: bool,
    ) -> tuple[FlatPlace, FlatPlace]:
        return (
            flatten(before.facts(place, site, around, asleep=asleep), self._bits),
            flatten(after.facts(place, site, around, asleep=asleep), self._bits),
        )

    def judge(self, people: Iterable[Person]) -> None:
        """Raises ``PermissionDenied`` for the first of them who would lose something."""
        seen: set[tuple[object, ...]] = set()
        for person in people:
            for place, site, before, after in self._views:
                own = (
                    self._own[person.user_id][site.overwrites]
                    if place.kind in LOCAL_KINDS
                    else [0, 0]
                )
                kind = (place, id(before), person.above, person.before, person.after, *own)
                kind += (site.server_id in person.servers, site.owner_id == person.user_id)
                if kind in seen:
                    continue
                seen.add(kind)
                lost = self._lost(person, place, site, before, after, own)
                if lost:
                    raise self._authority.denied(OUTRANKED, lost)

    def _lost(
        self,
        person: Person,
        place: Place,
        site: Site,
        before: FlatPlace,
        after: FlatPlace,
        own: list[int],
    ) -> int:
        old, new = (
            UserFacts(
                person.user_id,
                member=site.server_id in person.servers,
                assignments=held,
                own_allow=own[ALLOW],
                own_deny=own[DENY],
            )
            for held in (person.before, person.after)
        )
        lost = 0
        for moment in self._moments(person):
            was = resolve(before, old, moment, self._bits)
            now = resolve(after, new, moment, self._bits)
            if person.above:
                lost |= was.mask & ~now.mask
            if place.kind not in LOCAL_KINDS and was.standing < Standing.ADMINISTRATOR:
                # A denial bears also on what they are given later, or have in a single channel.
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


def _denied(place: FlatPlace, user: UserFacts, moment: float) -> int:
    """What the user's roles deny in a place at ``moment``, in force or not."""
    denied = place.default.deny if user.member else 0
    for role_id, start, end in user.assignments:
        role = place.roles.get(role_id)
        if role is None or (role.of_server and not user.member):
            continue
        if (start is None or start <= moment) and (end is None or moment < end):
            denied |= role.deny
    return denied


def _homes(session: Session, home: int | None, role_ids: Collection[int]) -> tuple[int, ...]:
    """The servers where the roles can count."""
    if home is not None:
        return (home,)
    snapshot = RoleSnapshot(session, lambda _: 0, (), role_ids)
    places = {
        place
        for source in (snapshot.local.grants, snapshot.local.overwrites)
        for given in source.values()
        for place in given
    }
    sites = sites_of(session, places).values()
    return tuple(sorted({site.server_id for site in sites if site.server_id is not None}))
