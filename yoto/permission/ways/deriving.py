"""The ways by which a permission comes, and the denials against it, from the facts of the verdict.

An allow that a later step of the verdict takes away gives nothing: steps 3 and 5 of
``docs/verdicts.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple
from uuid import UUID

from yoto.nodes import node_held_at, place_of_text
from yoto.permission.loading import Site
from yoto.permission.registry.bits import KnownBits
from yoto.permission.verdict.facts import NOWHERE, Assignment, By, PlaceFacts, UserFacts
from yoto.permission.verdict.resolver import (
    NOTHING,
    FlatPlace,
    MembershipStatus,
    RoleSum,
    Trace,
    resolve,
)


class Stage(IntEnum):
    """The stages at which a verdict applies an allow or a deny, in order."""

    BASE = 0
    DEFAULT_ROLE = 1
    ROLES = 2
    USER = 3


# A stage at a level: the level comes first. Stages before all levels have none.
At = tuple[int, Stage]
IN_BASE: At = (-1, Stage.BASE)


def default_of(place: FlatPlace, user: UserFacts) -> RoleSum:
    """The default role as far as the user has it."""
    return place.default if belongs(place.facts, user) else NOTHING


def belongs(place: PlaceFacts, user: UserFacts) -> bool:
    """Whether the user has the default role there."""
    if place.home is None or not user.exists or user.disabled:
        return False
    return user.member or place.owner_id == user.user_id


@dataclass(frozen=True, slots=True)
class Denials:
    """The denials of one permission that are in force for one user in one place.

    Attributes:
        in_base: whether a grant of a role denies it; there a deny wins over each allow.
        last: the last stage with an overwrite that denies it; ``IN_BASE``: there is none. Within
            such a stage an allow wins.
    """

    in_base: bool
    last: At

    @classmethod
    def of(
        cls, place: FlatPlace, user: UserFacts, trace: Trace, bits: KnownBits, mask: int
    ) -> Denials:
        """Find them in the inputs of the verdict; ``mask`` is the permission's."""
        default = default_of(place, user)
        held = [(place.roles[one.role_id], one.node == NOWHERE) for one in trace.assignments]
        # A role held at a node gives nothing that is global.
        in_base = default.deny & mask or any(
            role.deny & mask & (-1 if everywhere else bits.local) for role, everywhere in held
        )
        last = IN_BASE
        if mask & bits.local:
            # A denial at a node holds for outsiders, too.
            by_roles = 0
            for denied in (*(role.local_deny for role, _ in held), *(t.deny for t in trace.teams)):
                by_roles |= denied
            for level in range(len(place.facts.rules.levels)):
                bit = mask << level * bits.width
                if user.own_deny & bit:
                    last = level, Stage.USER
                elif by_roles & bit:
                    last = level, Stage.ROLES
                elif default.local_deny & bit:
                    last = level, Stage.DEFAULT_ROLE
        return cls(bool(in_base), last)

    def leave(self, stage: At) -> bool:
        """Whether an allow that counts in ``stage`` is still there in the end."""
        if stage == IN_BASE:
            return not self.in_base and self.last == IN_BASE
        return stage >= self.last


ASSIGNMENT, DEFAULT_ROLE, OVERWRITE = "assignment", "default_role", "overwrite"
PROVIDED = "provided_role"
OWNER, SUPER_ADMIN = "owner", "super_admin"
# The order of ways in a list: those given to most people come first.
KINDS = (DEFAULT_ROLE, ASSIGNMENT, PROVIDED, OVERWRITE, OWNER, SUPER_ADMIN)
_SUBJECTS = ("public", "everyone", "team", "application", "person")


class NamedFacts(NamedTuple):
    """The facts about a user in a place, with the names that policies read.

    Attributes:
        bits: the bits of the masks in ``place`` and ``user``.
        names, attributes: names of roles and attributes of assignments, by id.
        roles: all roles that take part, as in the cache.
        administrators: names and masks of the permissions of administrators there.
    """

    site: Site
    place: FlatPlace
    user: UserFacts
    bits: KnownBits
    names: Mapping[int, str]
    attributes: Mapping[int, Any]
    roles: frozenset[int]
    administrators: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which a permission comes.

    Attributes:
        kind: one of ``KINDS``.
        permission: the name by which it comes: its own, or that of administrators, who have all.
        subject: the holder: ``person``, ``application``, ``team``, ``everyone``,
            ``public``.
        role_id, role: the role that is held.
        team_id: the id of a team.
        node: the place of the role, or the owned node; ``NOWHERE``: everywhere the role counts.
        overwrite: the node below the home at which the permission was given by an overwrite, or a
            grant with that node as its scope.
        starts, ends: epoch seconds; None: no bound.
        attributes: the assignment's attributes.
    """

    kind: str
    permission: str
    subject: str
    role_id: int | None = None
    role: str | None = None
    team_id: int | None = None
    node: str = NOWHERE
    overwrite: str = NOWHERE
    starts: float | None = None
    ends: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int]:
        """The key of the order of ways."""
        return KINDS.index(self.kind), _SUBJECTS.index(self.subject)

    def document(self) -> dict[str, Any]:
        """The way as policies read it: JSON data, with every field."""
        return {
            "kind": self.kind,
            "permission": self.permission,
            "role": None if self.role_id is None else {"id": self.role_id, "name": self.role},
            "subject": {"kind": self.subject, "id": self.team_id},
            "node": _node(self.node),
            "overwrite": _node(self.overwrite),
            "from": self.starts,
            "until": self.ends,
            "attributes": dict(self.attributes),
        }


def _node(text: str) -> dict[str, Any] | None:
    if text == NOWHERE:
        return None
    place = place_of_text(node_held_at(text))
    id_ = str(place.id) if isinstance(place.id, UUID) else place.id
    return {"scope": place.kind, "id": id_}


def ways_of(known: NamedFacts, name: str, mask: int, now: float) -> list[Way]:
    """The ways by which a user has a permission now; empty: they do not have it.

    Args:
        name, mask: the permission's.
    """
    trace = Trace()
    resolution = resolve(known.place, known.user, now, known.bits, trace)
    found: list[Way] = []
    if resolution.ordinary & mask:
        found = list(_ordinary(known, name, mask, trace, resolution.base, resolution.status))
        if resolution.status >= MembershipStatus.ADMINISTRATOR and known.bits.local & mask:
            found += _owned(known, name)
            for administrator, all_ in known.administrators:
                if all_ != mask:
                    found += _base(known, administrator, resolution.base & all_, trace)
    if known.user.super_admin and resolution.mask & mask:
        found.append(Way(SUPER_ADMIN, name, _own(known)))
    return sorted(found, key=lambda way: way.rank)


def _ordinary(
    known: NamedFacts, name: str, mask: int, trace: Trace, base: int, status: MembershipStatus
) -> Iterator[Way]:
    """The ways by roles and overwrites that the later steps have left (steps 3 and 5)."""
    place, user, bits = known.place, known.user, known.bits
    if status >= MembershipStatus.ADMINISTRATOR or not mask & bits.local:
        # No overwrite counts for administrators, or for a permission without meaning at nodes.
        yield from _base(known, name, base & mask, trace)
        return
    denials = Denials.of(place, user, trace, bits, mask)
    if denials.leave(IN_BASE):
        yield from _base(known, name, base & mask, trace)
    default = default_of(place, user)
    for level, shared in enumerate(place.facts.rules.levels):
        bit, node = mask << level * bits.width, known.site.levels[level]
        reach = shared or status is not MembershipStatus.OUTSIDER
        if default.local_allow & bit and denials.leave((level, Stage.DEFAULT_ROLE)):
            yield from _default(known, name, node)
        if denials.leave((level, Stage.ROLES)):
            for one in trace.assignments:
                if place.roles[one.role_id].local_allow & bit:
                    yield _assigned(known, name, one, node)
            for team in trace.teams if reach else ():
                if team.allow & bit:
                    times = team.valid_from, team.valid_until
                    yield Way(
                        OVERWRITE, name, "team", None, None, team.team_id, NOWHERE, node, *times
                    )
        if reach and user.own_allow & bit and denials.leave((level, Stage.USER)):
            yield Way(OVERWRITE, name, _own(known), overwrite=node)


def _base(known: NamedFacts, name: str, mask: int, trace: Trace) -> Iterator[Way]:
    """The ways by grants that count before the overwrites."""
    if not mask:
        return
    if default_of(known.place, known.user).allow & mask:
        yield from _default(known, name, NOWHERE)
    for one in trace.assignments:
        counted = -1 if one.node == NOWHERE else known.bits.local
        if known.place.roles[one.role_id].allow & counted & mask:
            yield _assigned(known, name, one, NOWHERE)


def _assigned(known: NamedFacts, name: str, one: Assignment, overwrite: str) -> Way:
    return Way(
        PROVIDED if one.by is By.PROVIDER else ASSIGNMENT,
        name,
        _own(known) if one.by in (By.OWN, By.PROVIDER) else one.by.name.lower(),
        one.role_id,
        known.names.get(one.role_id),
        one.team_id,
        one.node,
        overwrite,
        one.valid_from,
        one.valid_until,
        known.attributes.get(one.id) or {},
    )


def _default(known: NamedFacts, name: str, overwrite: str) -> Iterator[Way]:
    """The role that everybody of the home has."""
    facts = known.place.facts
    for role_id, role in facts.roles.items():
        if role.is_default and role.home == facts.home:
            yield Way(
                DEFAULT_ROLE,
                name,
                "everyone",
                role_id,
                known.names.get(role_id),
                node=facts.home,
                overwrite=overwrite,
            )


def _owned(known: NamedFacts, name: str) -> Iterator[Way]:
    user, site = known.user, known.site
    inside = (
        known.place.facts.home is None or belongs(known.place.facts, known.user) or user.program
    )
    if site.home is not None and site.owner_id == user.user_id:
        yield Way(OWNER, name, _own(known), node=site.home)
    for node, (owner_id, belonging) in zip(site.owned, site.owners, strict=True):
        if owner_id == user.user_id and (inside or not belonging):
            yield Way(OWNER, name, _own(known), node=node)


def _own(known: NamedFacts) -> str:
    """The kind of a direct holder."""
    if known.user.public:
        return "public"
    return "application" if known.user.program else "person"
