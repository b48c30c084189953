"""Two states of the rights of some people in some places of one home, judged by the resolver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy.engine import Connection

from yoto.nodes import shown_text
from yoto.permission.loading.loader import Loaded, people_at, rights_in
from yoto.permission.loading.rights import Rights
from yoto.permission.loading.sites import Site
from yoto.permission.registry.bits import KnownBits
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.verdict.comparison import Sides, differing
from yoto.permission.verdict.facts import UserFacts
from yoto.permission.verdict.resolver import NOTHING, FlatPlace, flatten
from yoto.rooms.what_if.places import At
from yoto.rooms.what_if.report import ChangedCell, ChangedVerdict, PersonChange

PLACES_SHOWN = 20  # places of a change that are named; all are counted
ALLOW, DENY = "allow", "deny"
# Permission, reason before, and after.
Turn = tuple[str, str, str]


class PeopleWindow(NamedTuple):
    """Some people in a block of places, with the rights that they have there at a moment."""

    at: At
    sites: tuple[Site, ...]
    user_ids: Sequence[int]
    people: tuple[UserFacts, ...]
    rights: Rights

    @classmethod
    def read(
        cls, connection: Connection, at: At, sites: tuple[Site, ...], user_ids: Sequence[int]
    ) -> PeopleWindow:
        """Read the rights of people at present."""
        people = people_at(connection, user_ids, sites[0])
        return cls(at, sites, user_ids, people, rights_in(connection, user_ids, sites, ()))

    def after(self, connection: Connection, anew: bool) -> PeopleWindow:
        """The window after the act; ``anew``: memberships may have changed, too."""
        people = people_at(connection, self.user_ids, self.sites[0]) if anew else self.people
        return self._replace(
            people=people, rights=rights_in(connection, self.user_ids, self.sites, ())
        )


def changes_in(
    window: PeopleWindow, later: PeopleWindow, registry: PermissionRegistry, now: float
) -> Iterator[PersonChange]:
    """The changes for each person of the window, in their order; without names."""
    snapshot = registry.snapshot
    known = list(snapshot.by_name.values())
    # By person and whether it is a gain: places by the change of the verdict.
    found: defaultdict[tuple[int, bool], defaultdict[Turn, list[str]]]
    found = defaultdict(lambda: defaultdict(list))
    for site in window.sites:
        old, was_people = Loaded(site, window.rights, window.people).facts(registry)
        new, is_people = Loaded(site, later.rights, later.people).facts(registry)
        sides = Sides(flatten(old, snapshot.bits), flatten(new, snapshot.bits), snapshot.bits)
        unchanged = sides.are_equal()
        for was_user, is_user in zip(was_people, is_people, strict=True):
            if unchanged and was_user == is_user:
                continue
            was, is_ = sides.at(now, was_user, is_user)
            for permission, before, after in differing(was, is_, known):
                turns = found[was_user.user_id, bool(is_.mask & permission.mask)]
                turns[permission.name, before, after].append(shown_text(str(site.place)))
    home = window.sites[0].home
    for user_id in sorted({user_id for user_id, _ in found}):
        yield PersonChange(
            user_id,
            "",
            None if home is None else shown_text(home),
            _verdicts(found.get((user_id, True), {})),
            _verdicts(found.get((user_id, False), {})),
        )


def _verdicts(turns: Mapping[Turn, list[str]]) -> tuple[ChangedVerdict, ...]:
    return tuple(
        ChangedVerdict(*turn, tuple(places[:PLACES_SHOWN]), len(places))
        for turn, places in turns.items()
    )


class RolesAt(NamedTuple):
    """The effects of some roles at a place, at one moment."""

    site: Site
    place: FlatPlace
    names: Mapping[int, str]

    @classmethod
    def read(
        cls,
        connection: Connection,
        registry: PermissionRegistry,
        site: Site,
        names: Mapping[int, str],
    ) -> RolesAt:
        """Read the roles at present."""
        rights = rights_in(connection, (), [site], list(names))
        facts, _ = Loaded(site, rights, ()).facts(registry)
        return cls(site, flatten(facts, registry.snapshot.bits), names)

    def effect(self, role_id: int, mask: int, bits: KnownBits) -> str | None:
        """A role's effect on a permission there, with inherited grants."""
        role = self.place.roles.get(role_id, NOTHING)
        shape = self.place.facts.roles.get(role_id)
        if shape is not None and shape.is_default:
            role = self.place.default
        found = DENY if role.deny & mask else ALLOW if role.allow & mask else None
        for level in range(len(self.site.levels)):
            shift = level * bits.width
            # One allowing role is enough among several, and so within a role.
            if role.local_allow >> shift & mask:
                found = ALLOW
            elif role.local_deny >> shift & mask:
                found = DENY
        return found


def cells_between(
    before: RolesAt, after: RolesAt, registry: PermissionRegistry
) -> Iterator[ChangedCell]:
    """The changed effects of the roles."""
    bits, place = registry.snapshot.bits, shown_text(str(before.site.place))
    for role_id, name in before.names.items():
        for permission in registry.snapshot.by_name.values():
            was = before.effect(role_id, permission.mask, bits)
            is_ = after.effect(role_id, permission.mask, bits)
            if was != is_:
                yield ChangedCell(role_id, name, permission.name, place, was, is_)


def with_names(
    changes: Iterable[PersonChange], names: Mapping[int, str], own: Mapping[int, object] | None
) -> list[PersonChange]:
    """The changes with the names of people, and their own ids unless these are None."""
    return [
        replace(
            one,
            username=names.get(one.user_id, ""),
            user_id=one.user_id if own is None else own.get(one.user_id, one.user_id),
        )
        for one in changes
    ]
