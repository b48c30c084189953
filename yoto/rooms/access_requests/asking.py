"""Which rights may be asked for, by whom, and how many must agree."""

from __future__ import annotations

from yoto.nodes import GLOBAL_KIND, PUBLIC_NUMBER
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState
from yoto.permission.verdict.verdict import NOT_GRANTED, NOT_MEMBER, OVERWRITE_DENIED
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
