"""The grant hierarchy: what the actor of a write may give, take and edit.

Two rules. Rank: nobody gives, takes or edits a role at or above their own highest role; roles of a
server are ranked within it, global roles among themselves. Gift: nobody brings about that somebody
may do what they themselves may not do in that place. The owner of a server stands above its roles;
super-admins are bound by neither rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import Session

from app.core.errors import PermissionDenied, UnknownResource
from app.core.permission.scopes import MAX_ID, Place
from app.core.permission.source import DatabaseSource
from app.core.permission.state import PermissionState
from app.core.permission.verdict import (
    DISABLED,
    LACKS_PERMISSION,
    ROLE_TOO_HIGH,
    UNKNOWN_USER,
    Decision,
)
from app.models import Member, Role, RoleAssignment, Server, User

# Permissions that a write adds for somebody, as a mask for each place where it does.
Gifts = Mapping[Place, int]

OUTSIDE = -1  # below every role: not a member, or holder of no global role
LOWEST = 0  # a member who holds only the default role
OWNER_RANK = MAX_ID  # above every position that a role can have
UNBOUND_RANK = OWNER_RANK + 1  # super-admins, and the system itself


def may_handle(rank: int, position: int) -> bool:
    """Whether somebody of ``rank`` may give, take and edit a role at ``position``."""
    return position < rank


class Authority:
    """The actor of one write. Ask before changing anything: answers are from the present state.

    Args:
        actor_id: None is the system itself, which may do everything.

    Raises:
        PermissionDenied: the actor does not exist, or is disabled.
    """

    def __init__(self, state: PermissionState, session: Session, actor_id: int | None) -> None:
        self._registry = state.registry
        self._source = DatabaseSource(state.registry, state.clock)
        self._session = session
        self._now = datetime.fromtimestamp(state.clock(), UTC)
        self.actor_id = actor_id
        self._ranks: dict[int | None, int] = {}
        self.unbounded = actor_id is None
        if actor_id is not None:
            person = session.execute(
                select(User.disabled, User.super_admin).where(User.id == actor_id)
            ).one_or_none()
            if person is None or person.disabled:
                raise PermissionDenied(Decision(False, DISABLED if person else UNKNOWN_USER))
            self.unbounded = person.super_admin

    def check_role(self, role: Role, server_id: int | None = None) -> None:
        """The rank rule for ``role``; ``server_id``: for what it does in this server alone.

        Raises:
            PermissionDenied: with reason ``role_too_high``.
        """
        if server_id is not None and self._rank(server_id) >= OWNER_RANK:
            return
        self.check_position(role.server_id, role.position)

    def check_position(self, server_id: int | None, position: int) -> None:
        """The rank rule for a role at ``position``; None is a global role. Raises as above."""
        if not may_handle(self._rank(server_id), position):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    def check_target(self, user_id: int, server_id: int) -> None:
        """The actor may act upon this user in the server: is the user, or outranks them.

        Raises:
            PermissionDenied: with reason ``role_too_high``.
        """
        if user_id != self.actor_id and not self.outranks(user_id, server_id):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    def check_gifts(self, gifts: Gifts) -> None:
        """The gift rule.

        Raises:
            PermissionDenied: with reason ``lacks_permission`` and the names in ``decision.names``.
        """
        if self.unbounded or self.actor_id is None:
            return
        for place, mask in gifts.items():
            lacking = mask and mask & ~self._source.load(self.actor_id, place).mask
            if lacking:
                names = tuple(p.name for p in self._registry.snapshot.in_mask(lacking))
                raise PermissionDenied(
                    Decision(False, LACKS_PERMISSION, names=names), ", ".join(names)
                )

    def outranks(self, user_id: int, server_id: int) -> bool:
        """Whether the actor stands above the user in the server; nobody outranks its owner."""
        return self._rank(server_id) > rank_of(self._session, user_id, server_id, self._now)

    def _rank(self, server_id: int | None) -> int:
        if self.unbounded or self.actor_id is None:
            return UNBOUND_RANK
        if server_id not in self._ranks:
            self._ranks[server_id] = rank_of(self._session, self.actor_id, server_id, self._now)
        return self._ranks[server_id]


def rank_of(session: Session, user_id: int, server_id: int | None, now: datetime) -> int:
    """Position of the highest role that the user holds ``now`` (in the server, or global).

    Raises:
        UnknownResource: there is no such server.
    """
    rank = OUTSIDE
    if server_id is not None:
        owner_id = session.scalar(select(Server.owner_id).where(Server.id == server_id))
        if owner_id is None:
            raise UnknownResource("server", server_id)
        if owner_id == user_id:
            return OWNER_RANK
        banned = session.scalar(
            select(Member.banned).where(Member.server_id == server_id, Member.user_id == user_id)
        )
        if banned is None or banned:
            return OUTSIDE
        rank = LOWEST
    held = (
        select(func.max(Role.position))
        .join(RoleAssignment, RoleAssignment.role_id == Role.id)
        .where(
            RoleAssignment.user_id == user_id,
            Role.server_key == (server_id or 0),
            Role.active == true(),
            or_(RoleAssignment.valid_from.is_(None), RoleAssignment.valid_from <= now),
            or_(RoleAssignment.valid_until.is_(None), RoleAssignment.valid_until > now),
        )
    )
    highest = session.scalar(held)
    return rank if highest is None else max(rank, highest)
