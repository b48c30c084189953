"""Roles and what they give at one moment of a transaction: two snapshots tell what a write does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from yoto.permission.facts import Assignment, PlaceFacts, RoleFacts
from yoto.permission.gifts import grant_place, may_inherit, overwrite_place
from yoto.permission.scopes import CATEGORY, GLOBAL, Place
from yoto.permission.single import epoch
from yoto.permission.statements import CHANNEL, SERVER
from yoto.store.models import (
    Category,
    Channel,
    ChannelOverwrite,
    Effect,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    Server,
    User,
)

ALLOW, DENY = 0, 1

MaskOf = Callable[[int], int]
# By role (or user), by place: the masks of what is allowed and what is denied.
Given = defaultdict[int | None, defaultdict[Place, list[int]]]


def nothing_given() -> Given:
    """Masks are 0 until something is added."""
    return defaultdict(lambda: defaultdict(lambda: [0, 0]))


class Shape(NamedTuple):
    """A role without what it gives."""

    server_id: int | None
    parent_id: int | None
    active: bool
    is_default: bool
    position: int


class Site(NamedTuple):
    """Where a place lies, and where its overwrites in force are."""

    server_id: int | None
    owner_id: int | None
    overwrites: Place


class LocalRows:
    """Grants and overwrites for single channels and categories, by whom they are for."""

    def __init__(self) -> None:
        self.grants = nothing_given()
        self.overwrites = nothing_given()
        self.own = nothing_given()

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
            ChannelOverwrite.channel_id,
            ChannelOverwrite.category_id,
            ChannelOverwrite.permission_id,
            ChannelOverwrite.effect,
        ).where(overwritten)
        for role_id, user_id, channel_id, category_id, permission_id, effect in session.execute(
            rows
        ):
            target = self.overwrites[role_id] if user_id is None else self.own[user_id]
            side = DENY if effect is Effect.DENY else ALLOW
            target[overwrite_place(channel_id, category_id)][side] |= mask_of(permission_id)


class RoleSnapshot:
    """The roles of some servers and the global ones.

    Args:
        homes: the servers.
        touched: roles that the write changes: of them and what they inherit from, also what they
            give in single channels and categories is read.
    """

    def __init__(
        self,
        session: Session,
        mask_of: MaskOf,
        homes: Collection[int],
        touched: Collection[int],
    ) -> None:
        keys = (0, *homes)
        rows = select(
            Role.id,
            Role.server_id,
            Role.parent_id,
            Role.active,
            Role.is_default,
            Role.position,
        ).where(Role.server_key.in_(keys))
        self.shapes = {row[0]: Shape(*row[1:]) for row in session.execute(rows)}
        scopes = ("global", *(f"server:{home}" for home in homes))
        in_homes = select(Role.id).where(Role.server_key.in_(keys))
        base = nothing_given()
        read_grants(
            session,
            mask_of,
            {
                model: model.role_id.in_(in_homes) & model.scope_key.in_(scopes)
                for model in (RoleGrant, RoleGroupGrant)
            },
            base,
        )
        self.base = base
        self.known = {one for role_id in touched for one in self.lineage(role_id, asleep=True)}
        self.local = LocalRows()
        self.local.read(
            session,
            mask_of,
            {
                model: model.role_id.in_(self.known)
                & (model.channel_id.is_not(None) | model.scope_key.not_in(scopes))
                for model in (RoleGrant, RoleGroupGrant)
            },
            ChannelOverwrite.role_id.in_(self.known),
        )

    def drop(self, role_id: int) -> None:
        """The role as if it were deleted."""
        self.shapes.pop(role_id, None)

    def lineage(self, role_id: int, *, asleep: bool) -> Iterator[int]:
        """The role and what it inherits from; ``asleep``: as if all of them were active."""
        child: Shape | None = None
        seen: set[int] = set()
        current: int | None = role_id
        while current is not None and current not in seen:
            shape = self.shapes.get(current)
            if shape is None or not (shape.active or asleep):
                return
            if child is not None and (
                shape.is_default or not may_inherit(child.server_id, shape.server_id)
            ):
                return
            seen.add(current)
            yield current
            child, current = shape, None if shape.is_default else shape.parent_id

    def heirs(self, role_ids: Iterable[int]) -> set[int]:
        """The roles and all that inherit from one of them, or would if all were active."""
        wanted = set(role_ids)
        return wanted | {
            role_id
            for role_id in self.shapes
            if not wanted.isdisjoint(self.lineage(role_id, asleep=True))
        }

    def sums(self, role_id: int, *, asleep: bool) -> dict[Place, tuple[int, int]]:
        """What a holder is allowed and denied by the role with all that it inherits, by place."""
        home = self.shapes[role_id].server_id if role_id in self.shapes else None
        total: defaultdict[Place, list[int]] = defaultdict(lambda: [0, 0])
        for one in self.lineage(role_id, asleep=asleep):
            for source in (self.base, self.local.grants, self.local.overwrites):
                for place, masks in source[one].items():
                    if place == GLOBAL and home is not None:
                        place = Place(SERVER, home)
                    total[place][ALLOW] |= masks[ALLOW]
                    total[place][DENY] |= masks[DENY]
        return {place: (masks[ALLOW], masks[DENY]) for place, masks in total.items()}

    def facts(self, place: Place, site: Site, around: LocalRows, *, asleep: bool) -> PlaceFacts:
        """The roles as they count in ``place``.

        Args:
            around: what the roles give there that no write of this transaction touches.
        """
        roles = {}
        for role_id, shape in self.shapes.items():
            if shape.server_id not in (None, site.server_id):
                continue
            local = self.local if role_id in self.known else around
            base = [self.base[role_id][GLOBAL]]
            if site.server_id is not None:
                here = Place(SERVER, site.server_id)
                base += [self.base[role_id][here], local.grants[role_id][here]]
            near = [local.grants[role_id][place], local.overwrites[role_id][site.overwrites]]
            if place.kind not in (CHANNEL, CATEGORY):
                near = []
            roles[role_id] = RoleFacts(
                shape.server_id,
                shape.parent_id,
                shape.active or asleep,
                shape.is_default,
                _joined(base, ALLOW),
                _joined(base, DENY),
                _joined(near, ALLOW),
                _joined(near, DENY),
            )
        return PlaceFacts(place.kind, site.server_id, site.owner_id, roles)


def read_grants(
    session: Session,
    mask_of: MaskOf,
    wanted: Mapping[Any, ColumnElement[bool]],
    into: Given,
) -> None:
    """Add direct and group grants that meet the condition of their table."""
    direct = select(
        RoleGrant.role_id,
        RoleGrant.permission_id,
        RoleGrant.server_id,
        RoleGrant.channel_id,
        RoleGrant.effect,
    ).where(wanted[RoleGrant])
    grouped = (
        select(
            RoleGroupGrant.role_id,
            PermissionGroupMember.permission_id,
            RoleGroupGrant.server_id,
            RoleGroupGrant.channel_id,
            RoleGroupGrant.effect,
        )
        .join(PermissionGroupMember, PermissionGroupMember.group_id == RoleGroupGrant.group_id)
        .where(wanted[RoleGroupGrant])
    )
    for statement in (direct, grouped):
        for role_id, permission_id, server_id, channel_id, effect in session.execute(statement):
            place = grant_place(None, server_id, channel_id)
            into[role_id][place][DENY if effect is Effect.DENY else ALLOW] |= mask_of(permission_id)


def assignments_of(
    session: Session, *wanted: ColumnElement[bool]
) -> Iterator[tuple[int, tuple[Assignment, ...]]]:
    """Users by id, each with those of their assignments that meet the conditions.

    Args:
        wanted: on ``RoleAssignment``, and on its ``Role`` and ``User``.
    """
    rows = (
        select(
            RoleAssignment.user_id,
            RoleAssignment.role_id,
            RoleAssignment.valid_from,
            RoleAssignment.valid_until,
        )
        .join(User, User.id == RoleAssignment.user_id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(*wanted)
        .order_by(RoleAssignment.user_id, RoleAssignment.role_id)
    )
    for user_id, held in groupby(session.execute(rows), itemgetter(0)):
        yield user_id, tuple(
            Assignment(role_id, epoch(start), epoch(end)) for _, role_id, start, end in held
        )


def sites_of(session: Session, places: Iterable[Place]) -> dict[Place, Site]:
    """Where ``places`` lie. Of a category also the channels in sync that have grants of their own:
    what it changes can count otherwise there. Places that are gone are left out.
    """
    ids: defaultdict[str, set[int | None]] = defaultdict(set)
    for place in places:
        ids[place.kind].add(place.id)
    found: dict[Place, Site] = {}
    if GLOBAL.kind in ids:
        found[GLOBAL] = Site(None, None, GLOBAL)
    servers = select(Server.id, Server.owner_id).where(Server.id.in_(ids[SERVER]))
    for server_id, owner_id in session.execute(servers):
        found[Place(SERVER, server_id)] = Site(server_id, owner_id, Place(SERVER, server_id))
    categories = (
        select(Category.id, Server.id, Server.owner_id)
        .join(Server, Server.id == Category.server_id)
        .where(Category.id.in_(ids[CATEGORY]))
    )
    for category_id, server_id, owner_id in session.execute(categories):
        here = Place(CATEGORY, category_id)
        found[here] = Site(server_id, owner_id, here)
    granted = [
        select(model.channel_id).where(model.channel_id.is_not(None))
        for model in (RoleGrant, RoleGroupGrant)
    ]
    synced = Channel.category_id.in_(ids[CATEGORY]) & (Channel.synced == true())
    channels = (
        select(Channel.id, Channel.category_id, Channel.synced, Server.id, Server.owner_id)
        .join(Server, Server.id == Channel.server_id)
        .where(
            Channel.id.in_(ids[CHANNEL])
            | (synced & or_(*(Channel.id.in_(grants) for grants in granted)))
        )
    )
    for channel_id, above_it, in_sync, server_id, owner_id in session.execute(channels):
        here = Place(CHANNEL, channel_id)
        follows = in_sync and above_it is not None
        overwrites = Place(CATEGORY, above_it) if follows else here
        found[here] = Site(server_id, owner_id, overwrites)
    return found


def rows_around(session: Session, mask_of: MaskOf, sites: Mapping[Place, Site]) -> LocalRows:
    """What counts in the channels and categories among ``sites`` for whomever."""
    channels = {place.id for place in sites if place.kind == CHANNEL}
    categories = {site.overwrites.id for site in sites.values() if site.overwrites.kind == CATEGORY}
    rows = LocalRows()
    if channels or categories:
        rows.read(
            session,
            mask_of,
            {model: model.channel_id.in_(channels) for model in (RoleGrant, RoleGroupGrant)},
            ChannelOverwrite.channel_id.in_(channels)
            | ChannelOverwrite.category_id.in_(categories),
        )
    return rows


def _joined(parts: Iterable[list[int]], side: int) -> int:
    mask = 0
    for part in parts:
        mask |= part[side]
    return mask
