"""Writes of role assignments and their time windows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.permission.loading.finding import home_text, require, require_role
from yoto.permission.loading.rights import epoch
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.numbers import SubjectId, person_number
from yoto.permission.rank.delegation import delegated_grants, role_closure
from yoto.permission.rank.hierarchy import Authority, DelegatedGrants
from yoto.permission.rank.losses import by_home, check_assignments
from yoto.permission.rank.not_below import check_none_above
from yoto.permission.rank.ranking import OUTSIDE, rank_of
from yoto.permission.registry.scopes import checked_id, words_of
from yoto.permission.state import get_state_in_maintenance
from yoto.permission.verdict.facts import Assignment
from yoto.permission.verdict.verdict import ROLE_TOO_HIGH
from yoto.permission.writes.acting import acting
from yoto.store.models import NOWHERE, Effect, Role, RoleAssignment, User

GIVEN_MEANWHILE = {"role_ids": "somebody else gave one of them meanwhile"}


class AssignmentWrites:
    """Holders; shared arguments as in ``Writes``."""

    def assign_roles_to_user(
        self,
        user_id: SubjectId,
        role_ids: Iterable[int],
        server_id: int | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        *,
        actor_id: SubjectId | None = None,
        by: str | None = None,
        reason: str | None = None,
        in_maintenance: bool = False,
        commit: bool = True,
    ) -> WriteReceipt:
        """Give roles to a user; one already held gets the new window.

        Args:
            server_id: if given, all roles must be of this server.
            valid_from, valid_until: the window, half open, with a time zone; None: no bound. An
                actor gives none that is over; an import, which has no actor, may.
            by: for the audit log, an actor without an account, such as ``cli:root``.
            in_maintenance: go on in maintenance too; for operators' roles, which the caller has
                made sure that these are.

        Returns:
            A receipt with the ids of the assignments.

        Raises:
            ValidationFailed: also for a user who is no member of the role's server, and for a
                window that is empty or over.
        """
        user_id = person_number(user_id)
        now = datetime.fromtimestamp(get_state_in_maintenance().clock(), UTC)
        check_window(valid_from, valid_until, None if actor_id is None and by is None else now)
        wanted = _ids(role_ids)
        with acting(
            actor_id,
            reason,
            commit,
            GIVEN_MEANWHILE,
            roles=wanted,
            field="user_id",
            in_maintenance=in_maintenance,
        ) as act:
            user = require(act.session, User, user_id)
            whom = f"user:{user.id}"
            roles = _roles(act.session, wanted, server_id)
            for home in {role.home for role in roles} - {NOWHERE}:
                if rank_of(act.session, user.id, home, now.timestamp()) == OUTSIDE:
                    raise ValidationFailed({"user_id": f"is no member of {words_of(home)}"})
            for role in roles:
                act.authority.check_role(role)
            held = _held(act.session, user.id, roles)
            window = Window(epoch(valid_from), epoch(valid_until))
            for role in roles:
                _check_giving(act.authority, user.id, role, held.get(role.id), window)
            for role in roles:
                assignment = held.get(role.id)
                before = _window(assignment) if assignment else None
                if assignment is None:
                    assignment = RoleAssignment(user_id=user.id, role_id=role.id)
                    act.session.add(assignment)
                    held[role.id] = assignment
                assignment.valid_from, assignment.valid_until = valid_from, valid_until
                assignment.assigned_by = act.actor_id
                after = _window(assignment) | _author(act.actor_id, by)
                act.record("role.assign", whom, before, after, role.server_id)
            act.session.flush()
        return WriteReceipt(ids=tuple(held[role.id].id for role in roles))

    def revoke_roles_from_user(
        self,
        user_id: SubjectId,
        role_ids: Iterable[int],
        server_id: int | None = None,
        *,
        actor_id: SubjectId | None = None,
        by: str | None = None,
        reason: str | None = None,
        in_maintenance: bool = False,
        commit: bool = True,
    ) -> WriteReceipt:
        """Take roles from a user, ``by`` and ``in_maintenance`` as in ``assign_roles_to_user``.

        Raises:
            ValidationFailed: also for a role that the user does not hold (field ``role_ids``).
        """
        user_id = person_number(user_id)
        wanted = _ids(role_ids)
        with acting(
            actor_id, reason, commit, roles=wanted, field="user_id", in_maintenance=in_maintenance
        ) as act:
            user = require(act.session, User, user_id)
            whom = f"user:{user.id}"
            roles = _roles(act.session, wanted, server_id, lent_too=True)
            held = _held(act.session, user.id, roles)
            absent = [role.id for role in roles if role.id not in held]
            if absent:
                raise ValidationFailed(
                    {"role_ids": [f"user {user.id} does not hold role {id_}" for id_ in absent]}
                )
            for role in roles:
                act.authority.check_role(role)
                act.authority.check_delegation(_delegated(act.authority, role, Effect.DENY))
            for home, ids_there in by_home(roles).items():
                check_assignments(act.authority, user.id, home, ids_there, _without(ids_there))
            ids = tuple(held[role.id].id for role in roles)
            for role in roles:
                before = _window(held[role.id])
                act.session.delete(held[role.id])
                after = _author(act.actor_id, by) or None
                act.record("role.unassign", whom, before, after, role.server_id)
        return WriteReceipt(ids=ids)


def check_window(start: datetime | None, end: datetime | None, now: datetime | None) -> None:
    """Raises ``ValidationFailed`` for times without a zone, and for a window that is empty or, with
    ``now``, over. An import of history has windows that are over, and no actor.
    """
    for field, moment in (("valid_from", start), ("valid_until", end)):
        if moment is None:
            continue
        if not isinstance(moment, datetime):
            raise ValidationFailed({field: "must be a datetime"})
        if moment.utcoffset() is None:
            raise ValidationFailed({field: "must have a time zone"})
        try:
            moment.astimezone(UTC)
        except OverflowError:
            raise ValidationFailed({field: "is at the end of time: UTC has no such year"}) from None
    if end is not None:
        if now is not None and end <= now:
            raise ValidationFailed({"valid_until": "is in the past"})
        if start is not None and end <= start:
            raise ValidationFailed({"valid_until": "must be after valid_from"})


class Window(NamedTuple):
    """From when to when a role is held, epoch seconds; None: no bound."""

    start: float | None
    end: float | None

    def within(self, other: Window) -> bool:
        """Whether it lies within ``other``."""
        begins = other.start is None or (self.start is not None and self.start >= other.start)
        ends = other.end is None or (self.end is not None and self.end <= other.end)
        return begins and ends


def _check_giving(
    authority: Authority, user_id: int, role: Role, held: RoleAssignment | None, window: Window
) -> None:
    """The hierarchy's rules for a role in a window, or another window of a role already held.

    Raises:
        PermissionDenied: the actor lacks, or will lack before the window ends, a permission that
            this gives; the role, or one it inherits from, stands too high; or it denies something
            to a user whom the actor does not outrank.
    """
    before = Window(epoch(held.valid_from), epoch(held.valid_until)) if held else None
    session, home = authority.session, role.home
    if before is None or not window.within(before):
        authority.check_delegation(_delegated(authority, role, Effect.ALLOW), window.end)
        authority.check_giving(home, role_closure(session, role), window.end)
        if any(_delegated(authority, role, Effect.DENY).values()):
            check_none_above(authority, [home], [user_id], or_equal=True, reason=ROLE_TOO_HIGH)
    if before is not None and not before.within(window):
        authority.check_delegation(_delegated(authority, role, Effect.DENY))
        moved = Assignment(role.id, *window)
        check_assignments(
            authority,
            user_id,
            home,
            [role.id],
            lambda all_held: tuple(
                moved if one.role_id == role.id and one.node == NOWHERE else one for one in all_held
            ),
        )


def _without(
    role_ids: Collection[int],
) -> Callable[[tuple[Assignment, ...]], tuple[Assignment, ...]]:
    """A function from a user's assignments to those that stay when these roles are taken."""
    return lambda held: tuple(
        one for one in held if one.role_id not in role_ids or one.node != NOWHERE
    )


def _ids(role_ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(checked_id(role_id, "role_ids") for role_id in role_ids))


def _roles(
    session: Session, role_ids: Iterable[int], server_id: int | None, *, lent_too: bool = False
) -> list[Role]:
    roles = []
    for role_id in role_ids:
        role = require_role(session, role_id, "role_ids", lent_too=lent_too)
        if server_id is not None and role.home != home_text(server_id):
            raise ValidationFailed({"role_ids": f"role {role.id} is not of server {server_id}"})
        roles.append(role)
    if not roles:
        raise ValidationFailed({"role_ids": "give at least one role"})
    return roles


def _delegated(authority: Authority, role: Role, effect: Effect) -> DelegatedGrants:
    session = authority.session
    line = role_closure(session, role)
    return delegated_grants(session, authority.registry, line, effect, role.home)


def _held(session: Session, user_id: int, roles: list[Role]) -> dict[int, RoleAssignment]:
    found = session.scalars(
        select(RoleAssignment).where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.role_id.in_([role.id for role in roles]),
            RoleAssignment.node == NOWHERE,
        )
    )
    return {assignment.role_id: assignment for assignment in found}


def _window(assignment: RoleAssignment) -> dict[str, Any]:
    start, end = assignment.valid_from, assignment.valid_until
    return {
        "role_id": assignment.role_id,
        "valid_from": start.isoformat() if start else None,
        "valid_until": end.isoformat() if end else None,
    }


def _author(actor_id: int | None, by: str | None) -> dict[str, Any]:
    """The audit log's name for an author who is no account."""
    return {} if actor_id is not None or by is None else {"author": by}
