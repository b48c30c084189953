"""The verdict on one question, and the code for its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.verdict.resolver import MembershipStatus, Resolution
from yoto.store.models import ScopeType

GRANTED = "granted"
OWNER = "owner"
ADMINISTRATOR = "administrator"
SUPER_ADMIN = "super_admin"

UNKNOWN_USER = "unknown_user"
DISABLED = "disabled"
NOT_MEMBER = "not_member"
NOT_GRANTED = "not_granted"
OVERWRITE_DENIED = "overwrite_denied"
NO_CHANNEL_ACCESS = "no_channel_access"
TIMED_OUT = "timed_out"
# Requirements made of several permissions
EXCLUDED = "excluded"
NOT_SATISFIED = "not_satisfied"
# Requirements made of roles
LACKS_ROLE = "lacks_role"
# It is allowed, and too long since the person proved who they are
SIGN_IN_AGAIN = "sign_in_again"
# The hierarchy of writes
ROLE_TOO_HIGH = "role_too_high"
LACKS_PERMISSION = "lacks_permission"
OUTRANKED = "outranked"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict.

    Attributes:
        allowed: the verdict itself.
        reason: a code of this module, or one of the policies that denied.
        tier: the source: ``l1`` (the process), ``l2`` (Redis) or ``db``.
        position: position in the invalidation log that the verdict is known to include, if any.
        age_ms: age of the facts, milliseconds.
        policy_version: version of the policies that took part, if any did.
        timings: microseconds spent in each step that was measured.
        codes: all codes of the policies that denied; ``reason`` is the first.
        names: the permissions that the reason is about, if not the one asked for.
        roles: for ``role_too_high``, the role that stands too high, and the highest one that the
            actor has there; empty where the actor may not see the former.
    """

    allowed: bool
    reason: str
    tier: str = "db"
    position: str | None = None
    age_ms: float = 0.0
    policy_version: str | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


def is_blocked(resolution: Resolution) -> bool:
    """Whether the user is unknown or disabled: no requirement is met, not even a mere NOT."""
    return resolution.status <= MembershipStatus.DISABLED


def reason_of(resolution: Resolution, permission: RegisteredPermission) -> str:
    """Why ``permission`` is or is not in the resolution's mask."""
    mask = permission.mask
    status = resolution.status
    if resolution.mask & mask:
        if not resolution.ordinary & mask:
            return SUPER_ADMIN
        if permission.scope != ScopeType.GLOBAL:
            if status is MembershipStatus.OWNER:
                return OWNER
            if status is MembershipStatus.ADMINISTRATOR:
                return ADMINISTRATOR
        return GRANTED
    if status is MembershipStatus.UNKNOWN:
        return UNKNOWN_USER
    if status is MembershipStatus.DISABLED:
        return DISABLED
    if resolution.shaped & mask:
        return NO_CHANNEL_ACCESS if resolution.hidden else TIMED_OUT
    if resolution.base & mask:
        return OVERWRITE_DENIED
    return NOT_MEMBER if status is MembershipStatus.OUTSIDER else NOT_GRANTED
