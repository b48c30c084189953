"""Roles and what they give at one moment of a transaction: two snapshots tell what a write does.

Places are texts here (``global``, ``channel:3``), and a hierarchy is that of a node that people
belong to (``server:7``), or, empty, that of the platform.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from yoto.permission.facts import Assignment, By, PlaceFacts, RoleFacts
from yoto.permission.loading.rights import MaskOf, epoch
from yoto.permission.loading.roles import RoleRow, roles_of
from yoto.permission.loading.sites import Site, load_sites
from yoto.permission.registry import PermissionRegistry
from yoto.permission.scopes import Place, place_of_text
from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Effect,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    ScopeType,
    User,
)
from yoto.store.resources import known_types
from yoto.store.resources.chains import text_in_sql

ALLOW, DENY = 0, 1
GLOBAL = ScopeType.GLOBAL.value

# By role (or user, or team), by place: the masks of what is allowed and what is denied.
Given = defaultdict[int | None, defaultdict[str, list[int]]]


def nothing_given() -> Given:
    """Masks are 0 until something is added."""
    return defaultdict(lambda: defaultdict(lambda: [0, 0]))


class LocalRows:
    """Grants and overwrites for single nodes, by whom they are for."""

    def __init__(self) -> None:
        self.grants = nothing_given()
        self.overwrites = nothing_given()
        self.own = nothing_given()
        self.teams = nothing_given()

    def read(
        self,
        session: Session,
        mask_of: MaskOf,
        granted: Mapping[Any, ColumnElement[bool]],
        overwritten: ColumnElement[bool],
    ) -> None:
        """Add what is stored: grants by the condition of their table, and overwrites."""
        read_grants(session, mask_of, granted, self.grants)
        rows = select(
            ChannelOverwrite.role_id,
            ChannelOverwrite.user_id,
            ChannelOverwrite.team_id,
            ChannelOverwrite.place,
            ChannelOverwrite.permission_id,
            ChannelOverwrite.effect,
        ).where(overwritten)
        for role_id, user_id, team_id, place, permission_id, effect in session.execute(rows):
            if role_id is not None:
                target = self.overwrites[role_id]
            else:
                target = self.own[user_id] if user_id is not None else self.teams[team_id]
            side = DENY if effect is Effect.DENY else ALLOW
            target[place][side] |= mask_of(permission_id)


class RoleSnapshot:
    """The roles of some homes and the global ones.

    Args:
        homes: nodes that people belong to.
        touched: roles that the write changes: of them and what they inherit from, also what they
            give at single nodes is read.
    """

    def __init__(
        self,
        session: Session,
        registry: PermissionRegistry | None,
        homes: Collection[str],
        touched: Collection[int],
    ) -> None:
        self._registry = registry
        mask_of: MaskOf = (lambda _: 0) if registry is None else registry.mask_of_id
        keys = ("", *homes)
        in_homes = select(Role.id).where(Role.home.in_(keys))
        self.shapes = roles_of(session, keys)
        # What is above a home counts as what is given there.
        sites = sites_of(session, homes).values()
        scopes = {GLOBAL, *homes, *(node for site in sites for node in site.upper)}
        self.base = nothing_given()
        read_grants(
            session,
            mask_of,
            {
                model: model.role_id.in_(in_homes) & model.scope_key.in_(scopes)
                for model in (RoleGrant, RoleGroupGrant)
            },
            self.base,
        )
        self.known = {one for role_id in touched for one in self.lineage(role_id, asleep=True)}
        self.local = LocalRows()
        self.local.read(
            session,
            mask_of,
            {
                model: model.role_id.in_(self.known) & model.scope_key.not_in(scopes)
                for model in (RoleGrant, RoleGroupGrant)
            },
            ChannelOverwrite.role_id.in_(self.known),
        )

    def drop(self, role_id: int) -> None:
        """The role as if it were deleted."""
        self.shapes.pop(role_id, None)

    def lineage(self, role_id: int, *, asleep: bool) -> Iterator[int]:
        """The role and what it inherits from; ``asleep``: as if all of them were active."""
        seen: set[int] = set()
        newest: list[tuple[int, RoleRow | None]] = [(role_id, None)]
        while newest:
            reached: list[tuple[int, RoleRow | None]] = []
            for current, child in newest:
                shape = self.shapes.get(current)
                if current in seen or shape is None or not (shape.active or asleep):
                    continue
                if child is not None and (
                    shape.is_default or not may_inherit(child.home, shape.home)
                ):
                    continue
                seen.add(current)
                yield current
                if not shape.is_default:
                    reached += [(parent, shape) for parent in shape.parents]
            newest = reached

    def heirs(self, role_ids: Iterable[int]) -> set[int]:
        """The roles and all that inherit from one of them, or would if all were active."""
        wanted = set(role_ids)
        return wanted | {
            role_id
            for role_id in self.shapes
            if not wanted.isdisjoint(self.lineage(role_id, asleep=True))
        }

    def sums(self, role_id: int, *, asleep: bool) -> dict[str, tuple[int, int]]:
        """What a holder is allowed and denied by the role with all that it inherits, by place."""
        home = self.shapes[role_id].home if role_id in self.shapes else ""
        total: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for one in self.lineage(role_id, asleep=asleep):
            for source in (self.base, self.local.grants, self.local.overwrites):
                for place, masks in source[one].items():
                    counted = home if place == GLOBAL and home else place
                    total[counted][ALLOW] |= masks[ALLOW]
                    total[counted][DENY] |= masks[DENY]
        return {place: (masks[ALLOW], masks[DENY]) for place, masks in total.items()}

    def facts(self, site: Site, around: LocalRows, *, asleep: bool) -> PlaceFacts:
        """The roles as they count at a site.

        Args:
            around: what the roles give there that no write of this transaction touches.
        """
        assert self._registry is not None
        snapshot = self._registry.snapshot
        width = snapshot.bits.width
        roles = {}
        for role_id, shape in self.shapes.items():
            if shape.home not in (NOWHERE, site.home):
                continue
            local = self.local if role_id in self.known else around
            base = [self.base[role_id][GLOBAL]]
            for node in site.upper:
                base += [self.base[role_id][node], local.grants[role_id][node]]
            near = [0, 0]
            for level, (node, place) in enumerate(zip(site.levels, site.overwritten, strict=True)):
                for masks in (local.grants[role_id][node], local.overwrites[role_id][place]):
                    near[ALLOW] |= masks[ALLOW] << level * width
                    near[DENY] |= masks[DENY] << level * width
            roles[role_id] = RoleFacts(
                shape.home,
                shape.parents,
                shape.active or asleep,
                shape.is_default,
                _joined(base, ALLOW),
                _joined(base, DENY),
                near[ALLOW],
                near[DENY],
            )
        return site.facts(roles, snapshot)


def may_inherit(child_home: str, parent_home: str) -> bool:
    """A role inherits from global roles, and a home's role from those of the same home."""
    return parent_home in (NOWHERE, child_home)


def read_grants(
    session: Session,
    mask_of: MaskOf,
    wanted: Mapping[Any, ColumnElement[bool]],
    into: Given,
) -> None:
    """Add direct and group grants that meet the condition of their table."""
    direct = select(
        RoleGrant.role_id, RoleGrant.permission_id, RoleGrant.scope_key, RoleGrant.effect
    ).where(wanted[RoleGrant])
    grouped = (
        select(
            RoleGroupGrant.role_id,
            PermissionGroupMember.permission_id,
            RoleGroupGrant.scope_key,
            RoleGroupGrant.effect,
        )
        .join(PermissionGroupMember, PermissionGroupMember.group_id == RoleGroupGrant.group_id)
        .where(wanted[RoleGroupGrant])
    )
    for statement in (direct, grouped):
        for role_id, permission_id, place, effect in session.execute(statement):
            into[role_id][place][DENY if effect is Effect.DENY else ALLOW] |= mask_of(permission_id)


def assignments_of(
    session: Session, *wanted: ColumnElement[bool]
) -> Iterator[tuple[int, tuple[Assignment, ...]]]:
    """People and programs by id, each with those of their own assignments that meet the
    conditions.

    Args:
        wanted: on ``RoleAssignment``, and on its ``Role`` and ``User``; a program is none.
    """
    rows = (
        select(
            RoleAssignment.user_id,
            RoleAssignment.role_id,
            RoleAssignment.valid_from,
            RoleAssignment.valid_until,
            RoleAssignment.node,
            RoleAssignment.id,
        )
        .outerjoin(User, User.id == RoleAssignment.user_id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(*wanted)
        .order_by(RoleAssignment.user_id, RoleAssignment.role_id, RoleAssignment.node)
    )
    for user_id, held in groupby(session.execute(rows), itemgetter(0)):
        yield user_id, tuple(
            Assignment(role_id, epoch(start), epoch(end), node, By.OWN, id_)
            for _, role_id, start, end, node, id_ in held
        )


def sites_of(session: Session, places: Iterable[str]) -> dict[str, Site]:
    """Where ``places`` lie. Of nodes that lend their overwrites also those in sync that have grants
    of their own: what such a node changes can count otherwise there. Places that are gone are left
    out.
    """
    wanted = {place_of_text(text) for text in places}
    ids: defaultdict[str, set[Any]] = defaultdict(set)
    for place in wanted:
        ids[place.kind].add(place.id)
    granted = [select(model.scope_key) for model in (RoleGrant, RoleGroupGrant)]
    for declared in known_types():
        sync = declared.sync
        if sync is None or not ids.get(sync.type):
            continue
        text = text_in_sql(declared, declared.id)
        in_sync = select(declared.id).where(
            sync.id.in_(ids[sync.type]), or_(*(text.in_(grants) for grants in granted))
        )
        wanted |= {Place(declared.name, id_) for id_ in session.scalars(in_sync)}
    found = load_sites(session.connection(), wanted)
    return {str(place): site for place, site in found.items()}


def rows_around(session: Session, mask_of: MaskOf, sites: Mapping[str, Site]) -> LocalRows:
    """What counts at single nodes of ``sites`` for whomever."""
    nodes = {node for site in sites.values() for node in site.levels}
    places = {place for site in sites.values() for place in site.overwritten}
    rows = LocalRows()
    if nodes or places:
        rows.read(
            session,
            mask_of,
            {model: model.scope_key.in_(nodes) for model in (RoleGrant, RoleGroupGrant)},
            ChannelOverwrite.place.in_(places),
        )
    return rows


def _joined(parts: Iterable[list[int]], side: int) -> int:
    mask = 0
    for part in parts:
        mask |= part[side]
    return mask
