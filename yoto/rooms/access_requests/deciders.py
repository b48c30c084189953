"""The rights that may be asked for and their deciders: the rules for lending, for many at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from yoto.errors import PermissionDenied, ValidationFailed
from yoto.nodes import GLOBAL_KIND, PUBLIC_NUMBER
from yoto.permission.loading.sites import load_sites
from yoto.permission.loading.source import reading
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState
from yoto.permission.verdict.verdict import NOT_GRANTED, NOT_MEMBER, OVERWRITE_DENIED
from yoto.rooms.access_requests.acts import RequestAct
from yoto.rooms.access_requests.lending import demand_approver
from yoto.rooms.access_requests.rows import Request
from yoto.rooms.access_requests.states import Approval
from yoto.store.resources import known_types


def approvals_needed(state: PermissionState, permission: RegisteredPermission, place: Place) -> int:
    """How many persons must agree to lend it there; 0: nobody may ask for it.

    The stricter of the registered number and the declared one counts. No right over the whole
    platform is ever lent, nor the permission that implies all others there.
    """
    if GLOBAL_KIND in (place.kind, permission.scope):
        return 0
    types = known_types().line(place.kind)
    if not any(one.name == permission.scope for one in (*types, *known_types().below(place.kind))):
        return 0
    if any(one.administrator == permission.name for one in types):
        return 0
    declared = state.catalogue.approvals(permission.name)
    stored = permission.requires_approvals
    return 0 if 0 in (declared, stored) else max(declared or 1, stored)


def is_requestable(
    state: PermissionState, user_id: int, permission: str, place: Place | None, reason: str
) -> bool:
    """Whether somebody who was denied for that reason may ask for the permission there.

    A request helps only where a role could change the answer: no request ends a time-out, or
    replaces the consent of a policy. The store is not read.

    Args:
        permission: a name; never an expression.
    """
    if place is None or place.id is None or user_id == PUBLIC_NUMBER or not state.registry.known:
        return False
    found = state.registry.snapshot.by_name.get(permission)
    if found is None or not approvals_needed(state, found, place):
        return False
    shared = known_types().get(place.kind).shared
    return reason in (NOT_GRANTED, OVERWRITE_DENIED) or (shared and reason == NOT_MEMBER)


def decidable_by(
    state: PermissionState, session: Session, actor_id: int | None, requests: Sequence[Request]
) -> list[Request]:
    """Those of ``requests`` that the actor could lend now."""
    try:
        authority = Authority(state, session, actor_id)
    except PermissionDenied:
        return []
    with reading() as connection:
        there = load_sites(connection, {one.place for one in requests})
    found = [one for one in requests if one.place in there]
    named = state.registry.snapshot.mask_named
    found = [one for one in found if all(map(named, one.permissions))]
    if actor_id is None or authority.unbounded:
        return found
    # A lender must hold what is lent: masks of people rule out most requests without a statement.
    masks = {place: state.source.load(actor_id, place).mask for place in there}
    found = [one for one in found if all(masks[one.place] & named(p) for p in one.permissions)]
    return [one for one in found if _may_approve(state, authority, one, authority.now)]


def demand_decider(state: PermissionState, act: RequestAct) -> None:
    """Raises ``PermissionDenied`` unless the actor could lend it now."""
    request = act.request
    authority = Authority(state, act.session, act.number)
    demand_approver_of(state, authority, request, authority.now)


def demand_approver_of(
    state: PermissionState, authority: Authority, request: Request, until: float
) -> None:
    """Raises as ``demand_approver`` unless all that the request asks for may be lent."""
    asked = [state.registry.get(name) for name in request.permissions]
    demand_approver(authority, request.place, request.user_id, asked, until)


def still_approves(
    state: PermissionState, session: Session, request: Request, approval: Approval
) -> bool:
    """Whether an earlier approver could approve now, for as long."""
    number = int(approval.by.removeprefix("user:"))
    try:
        authority = Authority(state, session, number)
    except PermissionDenied:
        return False
    return _may_approve(state, authority, request, authority.now + approval.seconds)


def _may_approve(
    state: PermissionState, authority: Authority, request: Request, until: float
) -> bool:
    try:
        demand_approver_of(state, authority, request, until)
    except (PermissionDenied, ValidationFailed):
        return False  # also where the place is gone
    return True
