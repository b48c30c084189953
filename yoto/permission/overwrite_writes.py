"""What roles and users may do differently in one channel or category."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.permission.audit import record_audit
from yoto.permission.gifts import overwrite_place
from yoto.permission.grant_writes import mask_of, refuse_denial, refuse_global
from yoto.permission.hierarchy import Authority
from yoto.permission.keys import SubjectId, actor_number, person_number
from yoto.permission.losses import sparing
from yoto.permission.receipt import WriteReceipt
from yoto.permission.registry import RegisteredPermission
from yoto.permission.rows import require, require_role
from yoto.permission.state import get_state
from yoto.permission.transactions import write
from yoto.store.models import Category, Channel, ChannelOverwrite, Effect, Role, User


class OverwriteWrites:
    """The part of ``PermissionSystem`` about overwrites; shared arguments as in ``RoleWrites``.

    Args:
        channel_id, category_id: the place; exactly one.
        role_id, user_id: whom it is about; exactly one. A role of the server, or a global one.
    """

    def set_overwrite(
        self,
        channel_id: int | None = None,
        role_id: int | None = None,
        user_id: SubjectId | None = None,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        *,
        category_id: int | None = None,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Make these the target's overwrites in the place; what is not named is left to the rest.

        Raises:
            ValidationFailed: also for a name in both lists, and for permissions of scope global.
        """
        actor_id = actor_number(actor_id)
        user_id = None if user_id is None else person_number(user_id)
        registry = get_state().registry
        wanted: dict[RegisteredPermission, Effect] = {}
        for field, names, effect in (
            ("allow", allow, Effect.ALLOW),
            ("deny", deny, Effect.DENY),
        ):
            for permission in dict.fromkeys(registry.get_many(names, field)):
                if permission in wanted:
                    raise ValidationFailed({field: f"'{permission.name}' is allowed, too"})
                wanted[permission] = effect
            refuse_global((p for p in wanted if wanted[p] is effect), field)
        refuse_denial((p for p in wanted if wanted[p] is Effect.DENY), "deny")
        return _replace(
            (channel_id, category_id), (role_id, user_id), wanted, actor_id, reason, commit
        )

    def clear_overwrite(
        self,
        channel_id: int | None = None,
        role_id: int | None = None,
        user_id: SubjectId | None = None,
        *,
        category_id: int | None = None,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Remove all overwrites of the target in the place.

        Raises:
            ValidationFailed: also if there are none (field ``role_id`` or ``user_id``).
        """
        actor_id = actor_number(actor_id)
        user_id = None if user_id is None else person_number(user_id)
        get_state()
        return _replace(
            (channel_id, category_id), (role_id, user_id), None, actor_id, reason, commit
        )


def _replace(
    place_ids: tuple[int | None, int | None],
    target_ids: tuple[int | None, int | None],
    wanted: dict[RegisteredPermission, Effect] | None,
    actor_id: int | None,
    reason: str | None,
    commit: bool,
) -> WriteReceipt:
    """Bring the stored overwrites to ``wanted``; None removes all and wants some to be there."""
    state = get_state()
    with write(commit, {"allow": "somebody else changed the overwrite meanwhile"}) as session:
        place = _place(session, *place_ids)
        if isinstance(place, Channel) and place.synced and place.category_id is not None:
            # It would be stored and never read: the category's overwrites are in force.
            raise ValidationFailed({"channel_id": "is in sync with its category"})
        target = _target(session, *target_ids, server_id=place.server_id)
        stored = _stored(session, place, target)
        if wanted is None and not stored:
            field = "role_id" if isinstance(target, Role) else "user_id"
            raise ValidationFailed({field: "has no overwrite there"})
        wanted = wanted or {}

        authority = Authority(state, session, actor_id)
        if isinstance(target, Role):
            authority.check_role(target, place.server_id)
        else:
            authority.check_target(target.id, place.server_id)
        known = state.registry.by_ids(stored)
        before = {known[row.permission_id]: row.effect for row in stored.values()}
        enlarged = [
            p
            for p in before | wanted
            if before.get(p) != wanted.get(p)
            and (wanted.get(p) is Effect.ALLOW or before.get(p) is Effect.DENY)
        ]
        authority.check_gifts({overwrite_place(*_ids_of(place)): mask_of(enlarged)})

        # Whoever is named is below the actor already; a role may be held by somebody who is not.
        touched = [target.id] if isinstance(target, Role) and before != wanted else []
        with sparing(authority, place.server_id, touched):
            for permission, effect in wanted.items():
                row = stored.get(permission.id)
                if row is None:
                    row = _new_row(place, target, permission)
                    session.add(row)
                row.effect = effect
            for permission_id, row in stored.items():
                if known[permission_id] not in wanted:
                    session.delete(row)
        if before != wanted:
            kind = "role" if isinstance(target, Role) else "user"
            record_audit(
                session,
                "overwrite.set" if wanted else "overwrite.clear",
                str(overwrite_place(*_ids_of(place))),
                actor_id=actor_id,
                server_id=place.server_id,
                before={kind: target.id} | _shown(before),
                after={kind: target.id} | _shown(wanted),
                reason=reason,
            )
        session.flush()
        ids = tuple(row.id for row in _stored(session, place, target).values())
    return WriteReceipt(ids=ids)


def _place(session: Session, channel_id: int | None, category_id: int | None) -> Channel | Category:
    if (channel_id is None) == (category_id is None):
        raise ValidationFailed({"channel_id": "give either channel_id or category_id"})
    if channel_id is not None:
        return require(session, Channel, channel_id)
    return require(session, Category, category_id)


def _target(
    session: Session, role_id: int | None, user_id: int | None, server_id: int
) -> Role | User:
    if (role_id is None) == (user_id is None):
        raise ValidationFailed({"role_id": "give either role_id or user_id"})
    if user_id is not None:
        return require(session, User, user_id)
    role = require_role(session, role_id, default_too=True)
    if role.server_id not in (None, server_id):
        raise ValidationFailed({"role_id": "is a role of another server"})
    return role


def _ids_of(place: Channel | Category) -> tuple[int | None, int | None]:
    return (place.id, None) if isinstance(place, Channel) else (None, place.id)


def _stored(
    session: Session, place: Channel | Category, target: Role | User
) -> dict[int, ChannelOverwrite]:
    place_column = (
        ChannelOverwrite.channel_id if isinstance(place, Channel) else ChannelOverwrite.category_id
    )
    target_column = (
        ChannelOverwrite.role_id if isinstance(target, Role) else ChannelOverwrite.user_id
    )
    found = session.scalars(
        select(ChannelOverwrite).where(place_column == place.id, target_column == target.id)
    )
    return {row.permission_id: row for row in found}


def _new_row(
    place: Channel | Category, target: Role | User, permission: RegisteredPermission
) -> ChannelOverwrite:
    channel_id, category_id = _ids_of(place)
    return ChannelOverwrite(
        channel_id=channel_id,
        category_id=category_id,
        role_id=target.id if isinstance(target, Role) else None,
        user_id=target.id if isinstance(target, User) else None,
        permission_id=permission.id,
    )


def _shown(effects: dict[RegisteredPermission, Effect]) -> dict[str, Any]:
    return {
        effect.value: sorted(p.name for p, e in effects.items() if e is effect) for effect in Effect
    }
