"""Writes of the permissions that roles allow and deny."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.permission.loading.finding import grant_scope, require_role
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.rank.delegation import grant_place
from yoto.permission.rank.losses import sparing
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import GLOBAL
from yoto.permission.registry.specs import Scoped
from yoto.permission.state import get_state
from yoto.permission.writes.acting import WriteOptions, acting
from yoto.store.models import NOWHERE, Effect, Role, RoleGrant
from yoto.store.resources import known_types

GRANTED_MEANWHILE = {"names": "somebody else granted one of them meanwhile"}


class GrantWrites:
    """Direct grants; shared arguments as in ``Writes``.

    A grant's scope is everywhere the role is held (``scope_type`` None or ``"global"``), or a node
    with all below it; below the node that people belong to it acts as an overwrite.
    """

    def assign_permissions_to_role(
        self,
        role_id: int,
        names: Iterable[str],
        scope_type: str | None = None,
        scope_id: NodeId | None = None,
        effect: str = Effect.ALLOW,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Let the role allow (or deny) permissions in a scope; the opposite there is replaced.

        A permission of scope ``global`` can only be granted to a global role, globally.
        """
        wanted = checked_effect(effect)
        permissions = checked_permissions(names)
        with acting(options, GRANTED_MEANWHILE, roles=[role_id]) as act:
            role = require_role(act.session, role_id, default_too=True)
            scope = grant_scope(act.session, role, scope_type, scope_id)
            check_grantable(permissions, role, scope)
            if wanted is Effect.DENY:
                refuse_denial(permissions, "names")
            stored = _stored(act.session, role, permissions, scope)
            before = _effects(stored)
            changed = [p for p in permissions if before.get(p.name) != wanted.value]

            act.authority.check_role(role)
            if wanted is Effect.ALLOW:
                act.authority.check_delegation({grant_place(role.home, scope): mask_of(changed)})
            elif changed:
                act.authority.check_default_denial(role)

            with sparing(act.authority, role.home, [role.id] if changed else []):
                for permission in changed:
                    grant = stored.get(permission.name)
                    if grant is None:
                        grant = RoleGrant(
                            role_id=role.id,
                            permission_id=permission.id,
                            scope_key=scope,
                        )
                        act.session.add(grant)
                        stored[permission.name] = grant
                    grant.effect = wanted
                act.session.flush()
            if changed:
                shown = scope_shown(scope)
                act.record(
                    "role.grant",
                    role,
                    shown | {"grants": {p.name: before.get(p.name) for p in changed}},
                    shown | {"grants": {p.name: wanted.value for p in changed}},
                )
        return WriteReceipt(ids=tuple(stored[p.name].id for p in permissions))

    def revoke_permissions_from_role(
        self,
        role_id: int,
        names: Iterable[str],
        scope_type: str | None = None,
        scope_id: NodeId | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Remove the role's grants of these permissions in exactly this scope, allow or deny.

        Raises:
            ValidationFailed: also for a permission that is not granted there (field ``names``).
        """
        permissions = checked_permissions(names)
        with acting(options, roles=[role_id]) as act:
            role = require_role(act.session, role_id, default_too=True)
            scope = grant_scope(act.session, role, scope_type, scope_id, taken=True)
            stored = _stored(act.session, role, permissions, scope)
            absent = [p.name for p in permissions if p.name not in stored]
            if absent:
                raise ValidationFailed({"names": [f"'{name}' is not granted" for name in absent]})

            act.authority.check_role(role)
            denied = [p for p in permissions if stored[p.name].effect is Effect.DENY]
            act.authority.check_delegation({grant_place(role.home, scope): mask_of(denied)})

            ids = tuple(grant.id for grant in stored.values())
            before = scope_shown(scope) | {"grants": _effects(stored)}
            with sparing(act.authority, role.home, [role.id]):
                for grant in stored.values():
                    act.session.delete(grant)
            act.record("role.revoke", role, before, None)
        return WriteReceipt(ids=ids)


Scope = str


def checked_effect(effect: str) -> Effect:
    """Raises ``ValidationFailed`` (field ``effect``) for anything but allow and deny."""
    try:
        return Effect(effect)
    except ValueError:
        raise ValidationFailed({"effect": f"{effect!r} is not allow or deny"}) from None


def checked_permissions(names: Iterable[str], field: str = "names") -> list[RegisteredPermission]:
    """The permissions called ``names``, without repetitions.

    Raises:
        ValidationFailed: no names, or malformed ones; ``UnknownPermission`` for unregistered ones.
    """
    found = get_state().registry.get_many(names, field)
    if not found:
        raise ValidationFailed({field: "give at least one permission"})
    return list(dict.fromkeys(found))


def check_grantable(permissions: Iterable[Scoped], role: Role, scope: Scope) -> None:
    """Platform permissions are for global roles, globally.

    Raises:
        ValidationFailed: field ``names``.
    """
    if role.home == NOWHERE and scope == GLOBAL.kind:
        return
    refuse_global(permissions, "names")


def refuse_global(permissions: Iterable[Scoped], field: str) -> None:
    """Raises ``ValidationFailed`` for permissions that cannot be granted at a node."""
    outside = [one.name for one in permissions if one.scope == GLOBAL.kind]
    if outside:
        raise ValidationFailed(
            {
                field: [
                    f"'{name}' can only be granted globally, to a global role" for name in outside
                ]
            }
        )


def refuse_denial(permissions: Iterable[Scoped], field: str) -> None:
    """Raises ``ValidationFailed`` for permissions that cannot be denied, only taken with a role."""
    never = {one.administrator for one in known_types()}
    for permission in permissions:
        if permission.name in never:
            raise ValidationFailed(
                {field: f"'{permission.name}' cannot be denied: take the role that gives it away"}
            )


def mask_of(permissions: Iterable[RegisteredPermission]) -> int:
    """The masks of all of them together."""
    mask = 0
    for permission in permissions:
        mask |= permission.mask
    return mask


def scope_shown(scope: Scope) -> dict[str, Any]:
    """A grant's scope for the audit log."""
    return {"scope": scope}


def _stored(
    session: Session, role: Role, permissions: Sequence[RegisteredPermission], scope: Scope
) -> dict[str, RoleGrant]:
    names = {permission.id: permission.name for permission in permissions}
    found = session.scalars(
        select(RoleGrant).where(
            RoleGrant.role_id == role.id,
            RoleGrant.permission_id.in_(names),
            RoleGrant.scope_key == scope,
        )
    )
    return {names[grant.permission_id]: grant for grant in found}


def _effects(stored: dict[str, RoleGrant]) -> dict[str, str]:
    return {name: grant.effect.value for name, grant in stored.items()}
