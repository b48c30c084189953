"""Lending a right: who may, and how: by a role of its own, held at one place for a time.

The role has only that permission there, and one holder. All code that knows roles thus knows the
lent right: verdicts, explanations, searches, reviews, and the ends of their windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import reduce
from operator import or_

from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.permission.loading import load_one
from yoto.permission.loading.finding import site_in
from yoto.permission.loading.source import reading
from yoto.permission.people.subjects import subject_of_text, subject_text
from yoto.permission.rank.hierarchy import GLOBAL_ROLES, Authority
from yoto.permission.rank.not_below import check_none_above, check_none_above_at
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import GLOBAL, Place, place_of_text
from yoto.permission.state import PermissionState
from yoto.permission.verdict.resolver import flatten, resolve
from yoto.permission.verdict.verdict import ROLE_TOO_HIGH, Decision
from yoto.permission.writes.acting import agreed
from yoto.permission.writes.role_rules import lending_name
from yoto.permission.writes.writes import Writes
from yoto.rooms.access_requests.rows import KIND, Request
from yoto.store.models import NOWHERE, Role
from yoto.store.resources import known_types

NOT_APPROVER = "not_approver"
STILL_DENIED = "is denied to them there by something that this does not change"

_writes = Writes()


def demand_approver(
    authority: Authority,
    place: Place,
    user_id: int,
    permissions: Sequence[RegisteredPermission],
    until: float,
) -> None:
    """The rules for lending somebody permissions: those of an overwrite for them there.

    The actor has the right to lend (``ResourceType.approver``, or ``admin.roles``), has the
    permissions themselves until they end, and stands above the receiver.

    Raises:
        PermissionDenied: one of these does not hold.
        UnknownResource: there is no such place.
    """
    site = site_in(authority.session, place, "scope_id")
    if authority.unbounded:
        return
    stands = authority.stands_at(place, authority.now)
    if not stands and not _may_lend(authority, place):
        name = known_types().get(place.kind).approver or GLOBAL_ROLES
        raise PermissionDenied(Decision(False, NOT_APPROVER), name, place.kind, place.id)
    authority.check_delegation({place: mask_of(permissions)}, until)
    if stands:
        check_none_above_at(authority, place, [user_id], ROLE_TOO_HIGH)
    home = site.home or NOWHERE
    check_none_above(authority, [home], [user_id], or_equal=not stands, reason=ROLE_TOO_HIGH)


def mask_of(permissions: Iterable[RegisteredPermission]) -> int:
    """The bits of all of them."""
    return reduce(or_, (one.mask for one in permissions), 0)


def _may_lend(authority: Authority, place: Place) -> bool:
    snapshot = authority.registry.snapshot
    approver = known_types().get(place.kind).approver
    for where, mask in (
        (place, snapshot.mask_named(approver or "")),
        (GLOBAL, snapshot.mask_named(GLOBAL_ROLES)),
    ):
        if mask:
            with suppress(PermissionDenied):
                authority.check_delegation({where: mask}, authority.now)
                return True
    return False


def lend(
    state: PermissionState,
    session: Session,
    request: Request,
    permissions: Sequence[RegisteredPermission],
    until: float,
    actor_id: int | None,
    reason: str,
) -> int:
    """Lend the requested permissions in the present transaction; returns the id of the role.

    Raises:
        ValidationFailed: the role would not be enough: something else there denies the permission.
    """
    place, ends = request.place, datetime.fromtimestamp(until, UTC)
    home = site_in(session, place, "scope_id").home
    at = None if home is None else place_of_text(home)
    with agreed():
        name = lending_name(session, request.id, home or NOWHERE)
        made = _writes.register_role(name, home=at, actor_id=actor_id, reason=reason, commit=False)
        role_id = made.ids[0]
        _writes.assign_permissions_to_role(
            role_id,
            [one.name for one in permissions],
            *place,
            actor_id=actor_id,
            reason=reason,
            commit=False,
        )
        _writes.assign(
            subject_of_text(subject_text(request.user_id)),
            role_id,
            place,
            valid_until=ends,
            attributes={KIND: request.id},
            actor_id=actor_id,
            reason=reason,
            commit=False,
        )
    # From here on the role can only be deleted.
    session.get_one(Role, role_id).access_request_id = request.id
    session.flush()
    with reading() as connection:
        facts, [user] = load_one(connection, request.user_id, place).facts(state.registry)
    bits = state.registry.snapshot.bits
    held = resolve(flatten(facts, bits), user, state.clock(), bits).mask
    for one in permissions:
        if not held & one.mask:
            field = "permission" if one.name == request.permission else "also"
            raise ValidationFailed({field: STILL_DENIED})
    return role_id


def take_back(session: Session, request: Request, reason: str) -> None:
    """Delete the role of a lent right; nothing happens if the role is gone, even if its number was
    given to another one.
    """
    role = session.get(Role, request.role_id)
    if role is not None and role.access_request_id == request.id:
        with suppress(UnknownResource):  # another one is deleting it
            _writes.delete_role(role.id, reason=reason, commit=False)
