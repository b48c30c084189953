"""Dry runs of acts, for callers who may do them.

A dry run takes the same rights as the act's route: a right of the community if such is registered,
else being administrator or owner. The act is then tried as the caller's, who may not give more than
they have. Places that the caller cannot see are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from yoto.api.permissions.checks.asking import Question, demand_insight
from yoto.api.permissions.nodes import GLOBAL_ROLES, NOT_YOURS, managed
from yoto.api.rows import existing
from yoto.api.visibility import demand_sight, sees
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.extensions import permissions
from yoto.nodes import GLOBAL, place_of_text
from yoto.permission import (
    SEES_ALL,
    MembershipStatus,
    Place,
    node_of_text,
)
from yoto.rooms.what_if.acts import place_of_act
from yoto.rooms.what_if.report import ChangedCell, ChangedVerdict, PersonChange, WhatIf
from yoto.rooms.what_if.trying import TRYING
from yoto.store.db import db
from yoto.store.models import NOWHERE, Role
from yoto.store.resources import known_types

MANAGE_GROUPS = "admin.groups"
# The rights for the routes of a community.
MANAGE, ASSIGN, OVERWRITE = "role.manage", "role.assign", "channel.overwrite"
# Rights of which one is enough, by act.
MEMBERS = {"member.timeout": ("member.timeout",), "member.remove": ("member.kick", "member.ban")}


def what_if(caller_id: int, act: Mapping[str, Any], after: str | None, limit: int) -> WhatIf:
    """A page of the effects of an act of the caller.

    Raises:
        PermissionDenied: the caller may not do it.
        ValidationFailed, UnknownResource: as ``Trying.try_act``.
    """
    _demand_right(caller_id, act)
    found = TRYING.try_act(act, after=after, limit=limit, actor_id=caller_id, numbers=True)
    seen = _Seen(caller_id)
    return replace(
        found,
        items=tuple(one for each in found.items if (one := seen.of(each))),
        matrix=tuple(filter(seen.shows, found.matrix)),
    )


def as_roles(caller_id: int, role_ids: list[int], places: list[Place]) -> list[list[str]]:
    """The permissions in places of a member with only these roles, for callers who may audit there.

    Raises:
        PermissionDenied: the caller may not know about others there.
        UnknownResource: a place does not exist or is hidden, or a role belongs to another home.
    """
    demand_insight(caller_id, [Question("", *place) for place in places])
    if not permissions.check_permission(caller_id, GLOBAL_ROLES):
        rows = db.session.execute(select(Role.id, Role.home).where(Role.id.in_(role_ids)))
        for role_id, home in rows:
            if home == NOWHERE:
                raise UnknownResource("role", role_id, "role_ids")
    return [sorted(one) for one in TRYING.of_roles(role_ids, places)]


def _demand_right(caller_id: int, act: Mapping[str, Any]) -> None:
    name, place = place_of_act(act)
    if name.startswith("group."):
        _demand(caller_id, MANAGE_GROUPS, Place("global"))
    elif name.startswith("overwrite."):
        if place is None:
            raise ValidationFailed({"scope": "an overwrite is at a resource"})
        _demand_overwriting(caller_id, place)
    elif name in MEMBERS:
        if place is None:
            raise ValidationFailed({"scope": "people belong to a resource"})
        demand_sight(caller_id, [place])
        rights = [right for right in MEMBERS[name] if permissions.is_registered(right)]
        if not rights:
            managed(caller_id, place)
        elif not any(_has(caller_id, right, place) for right in rights):
            _demand(caller_id, rights[0], place)
    elif name in ("role.assign", "role.unassign") and place is not None:
        managed(caller_id, place)
    else:
        right = ASSIGN if name in ("role.assign", "role.unassign") else MANAGE
        _demand_over_role(caller_id, existing(Role, act["role_id"]), right)


def _demand_overwriting(caller_id: int, place: Place) -> None:
    at = _asked_at(place)
    if not sees(caller_id, *at):
        raise UnknownResource(place.kind, place.id)
    if at != place and permissions.is_registered(OVERWRITE):
        # Only the application has a route for such overwrites.
        _demand(caller_id, OVERWRITE, at)
    elif not _has(caller_id, OVERWRITE, at):
        managed(caller_id, at)


def _asked_at(place: Place) -> Place:
    """The place at which rights are checked: the home of a place without verdicts of its own."""
    if place == GLOBAL or known_types().get(place.kind).askable:
        return place
    return permissions.homes_of([place])[place] or GLOBAL


def _demand_over_role(caller_id: int, role: Role, right: str) -> None:
    if role.home == NOWHERE:
        # Only their managers can see global roles.
        if not permissions.check_permission(caller_id, GLOBAL_ROLES):
            raise UnknownResource("role", role.id)
        return
    home = place_of_text(role.home)
    # Only members can see roles, even those of a public server.
    if not permissions.has_place(caller_id, *home):
        if not permissions.check_permission(caller_id, SEES_ALL):
            raise UnknownResource("role", role.id)
    if permissions.is_registered(right):
        _demand(caller_id, right, home)
    elif permissions.effective(caller_id, *home).status < MembershipStatus.ADMINISTRATOR:
        raise PermissionDenied(NOT_YOURS, right)


def _has(caller_id: int, right: str, place: Place) -> bool:
    return permissions.is_registered(right) and permissions.check_permission(
        caller_id, right, *place
    )


def _demand(caller_id: int, right: str, place: Place) -> None:
    decision = permissions.decide(caller_id, right, *place)
    if not decision.allowed:
        raise PermissionDenied(decision, right)


class _Seen:
    """The places that a caller can see; administrators of a home see all places below."""

    def __init__(self, caller_id: int) -> None:
        self._caller_id = caller_id
        self._whole: dict[str | None, bool] = {}
        self._known: dict[str, bool] = {}
        self._homes: dict[int, str | None] = {}

    def of(self, change: PersonChange) -> PersonChange | None:
        """A change with only the visible places; None: there are none."""
        if change.home not in self._whole:
            self._whole[change.home] = self._administers(change.home)
        if self._whole[change.home]:
            return change
        gained, lost = self._left(change.gained), self._left(change.lost)
        return replace(change, gained=gained, lost=lost) if gained or lost else None

    def _administers(self, home: str | None) -> bool:
        if home is None:
            return False
        status = permissions.effective(self._caller_id, *node_of_text(home, "home")).status
        return status >= MembershipStatus.ADMINISTRATOR

    def _left(self, verdicts: tuple[ChangedVerdict, ...]) -> tuple[ChangedVerdict, ...]:
        found = []
        for one in verdicts:
            places = tuple(place for place in one.places if self._sees(place))
            if places:
                hidden = len(one.places) - len(places)
                found.append(replace(one, places=places, count=one.count - hidden))
        return tuple(found)

    def shows(self, cell: ChangedCell) -> bool:
        """Whether the caller can see both the place of a cell and the home of its role."""
        if cell.role_id not in self._homes:
            self._homes[cell.role_id] = db.session.scalar(
                select(Role.home).where(Role.id == cell.role_id)
            )
        home = self._homes[cell.role_id]
        return self._sees(cell.place) and (not home or self._sees(home))

    def _sees(self, text: str) -> bool:
        if text not in self._known:
            place = node_of_text(text, "places") if ":" in text else GLOBAL
            self._known[text] = sees(self._caller_id, *_asked_at(place))
        return self._known[text]
