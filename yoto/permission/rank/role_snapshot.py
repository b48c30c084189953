"""Roles and their permissions at one moment of a transaction: two snapshots show a write's effect.

Places are texts here (``global``, ``channel:3``), and a hierarchy is that of a node that people
belong to (``server:7``), or, empty, that of the platform.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from copy import copy
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from yoto.permission.loading.rights import Grant, Mark, Membership, Rights, RoleShape
from yoto.permission.loading.rows import RoleRow, grants_of, overwrites_of, roles_of
from yoto.permission.loading.sites import Site, load_sites
from yoto.permission.rank.teams import memberships
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.registry.scopes import Place, place_of_text
from yoto.permission.verdict.facts import PlaceFacts
from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Role,
    RoleGrant,
    RoleGroupGrant,
    ScopeType,
)
from yoto.store.resources import known_types
from yoto.store.resources.chains import text_in_sql

ALLOW, DENY = 0, 1
GLOBAL = ScopeType.GLOBAL.value

Given = defaultdict[int, list[tuple[str, Grant | Mark]]]


class RoleSnapshot:
    """The roles of some homes and the global ones.

    Args:
        homes: nodes that people belong to.
        changed_roles: the roles that the write changes: their grants at single nodes, and those
            of their ancestors, are read too.
    """

    def __init__(
        self,
        session: Session,
        registry: PermissionRegistry,
        homes: Collection[str],
        changed_roles: Collection[int],
    ) -> None:
        self._registry = registry
        keys = ("", *homes)
        in_homes = select(Role.id).where(Role.home.in_(keys))
        self.shapes = roles_of(session, keys)
        # Rows above a home count as rows of the home.
        sites = sites_of(session, homes).values()
        scopes = {GLOBAL, *homes, *(node for site in sites for node in site.upper)}
        self.known = {
            one for role_id in changed_roles for one in self.role_closure(role_id, asleep=True)
        }
        # By role: the places of its grants, with the permissions.
        self.given: Given = defaultdict(list)
        for place, grant in grants_of(
            session,
            lambda of: (of.role_id.in_(in_homes) & of.scope_key.in_(scopes))
            | of.role_id.in_(self.known),
        ):
            self.given[grant.role_id].append((place, grant))
        for place, mark in overwrites_of(session, ChannelOverwrite.role_id.in_(self.known)):
            assert mark.role_id is not None
            self.given[mark.role_id].append((place, mark))

    def drop(self, role_id: int) -> None:
        """The role as if it were deleted."""
        self.shapes.pop(role_id, None)

    def role_closure(self, role_id: int, *, asleep: bool) -> Iterator[int]:
        """The role and its ancestors; ``asleep``: as if all of them were active."""
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
            if not wanted.isdisjoint(self.role_closure(role_id, asleep=True))
        }

    def sums(self, role_id: int, *, asleep: bool) -> dict[str, tuple[int, int]]:
        """The permissions allowed and denied by the role with all that it inherits, by place."""
        home = self.shapes[role_id].home if role_id in self.shapes else ""
        total: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for one in self.role_closure(role_id, asleep=asleep):
            for place, given in self.given.get(one, ()):
                counted = home if place == GLOBAL and home else place
                total[counted][not given.allows] |= self._registry.mask_of_id(given.permission_id)
        return {place: (masks[ALLOW], masks[DENY]) for place, masks in total.items()}

    def rights(self, around: Rights) -> Rights:
        """The rights from the roles, with rows at single nodes that are not written here."""
        found = Rights()
        for node, grants in around.grants.items():
            found.grants[node] += (one for one in grants if one.role_id not in self.known)
        for node, marks in around.overwrites.items():
            found.overwrites[node] += (one for one in marks if one.role_id not in self.known)
        for rows in self.given.values():
            for node, one in rows:
                if isinstance(one, Grant):
                    found.grants[node].append(one)
                else:
                    found.overwrites[node].append(one)
        return found

    def facts(self, site: Site, rights: Rights, *, asleep: bool) -> PlaceFacts:
        """The roles as they count at a site, with their grants by ``rights``."""
        counted = copy(rights)
        counted.roles, counted.parents = {}, defaultdict(list)
        for role_id, shape in self.shapes.items():
            if shape.home in (NOWHERE, site.home):
                active = shape.active or asleep
                counted.roles[role_id] = RoleShape(shape.home, None, active, shape.is_default)
                counted.parents[role_id] += shape.parents
        snapshot = self._registry.snapshot
        roles = counted.role_facts(site, self._registry.mask_of_id, snapshot.bits.width)
        return site.facts(roles, snapshot)


def may_inherit(child_home: str, parent_home: str) -> bool:
    """A role inherits from global roles, and a home's role from those of the same home."""
    return parent_home in (NOWHERE, child_home)


def sites_of(session: Session, places: Iterable[str]) -> dict[str, Site]:
    """The sites of ``places``; deleted ones are left out.

    For nodes that lend their overwrites, nodes in sync with grants of their own are included: a
    change can count differently there.
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


def rows_around(session: Session, sites: Collection[Site]) -> Rights:
    """All rows at single nodes of ``sites``, for any user, and the members of teams in them."""
    nodes = {node for site in sites for node in site.levels}
    places = {place for site in sites for place in site.overwritten}
    found = Rights()
    if nodes or places:
        for node, grant in grants_of(session, lambda of: of.scope_key.in_(nodes)):
            found.grants[node].append(grant)
        for node, mark in overwrites_of(session, ChannelOverwrite.place.in_(places)):
            found.overwrites[node].append(mark)
        marks = (mark for found_at in found.overwrites.values() for mark in found_at)
        for joined in memberships(session, {one.team_id for one in marks if one.team_id}):
            found.teams[joined.user_id].append(Membership(joined.team_id, *joined.window))
    return found
