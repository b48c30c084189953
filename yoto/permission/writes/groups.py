"""Permission groups: named sets of permissions that roles are granted as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.permission.loading.finding import grant_scope, require, require_role
from yoto.permission.outbox.deletion_records import kept_of_group
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.rank.administrators import keeping_an_administrator
from yoto.permission.rank.delegation import grant_place
from yoto.permission.rank.losses import sparing
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.state import get_state
from yoto.permission.writes.acting import WriteOptions, acting
from yoto.permission.writes.grants import (
    check_grantable,
    checked_effect,
    checked_permissions,
    mask_of,
    refuse_denial,
    refuse_global,
    scope_shown,
)
from yoto.permission.writes.group_holders import (
    check_holders,
    granted_locally,
    sparing_holders,
    spread,
)
from yoto.permission.writes.role_rules import checked_label
from yoto.store.db import db
from yoto.store.models import (
    Effect,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    RoleGroupGrant,
)

ADDED_MEANWHILE = {"names": "somebody else added one of them meanwhile"}
GRANTED_MEANWHILE = {"group_id": "somebody else granted it meanwhile"}

NAME_MAX_LENGTH = 128
DESCRIPTION_MAX_LENGTH = 500
NAME_TAKEN = {"name": "another group has this name"}


@dataclass(frozen=True, slots=True)
class RegisteredGroup:
    """A group as stored, with the names of its permissions in order."""

    id: int
    name: str
    description: str
    permissions: tuple[str, ...]


class GroupWrites:
    """Groups; shared arguments as in ``Writes``.

    Groups belong to the platform. Changing one changes every role that it was granted to: the
    delegation rule requires the permission in each place of a grant, and the rank rule a rank
    above each of these roles.
    """

    def register_group(
        self,
        name: str,
        permissions: Iterable[str] = (),
        description: str = "",
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Make a group; the receipt has its id."""
        found = list(dict.fromkeys(get_state().registry.get_many(permissions)))
        name = checked_label(name, NAME_MAX_LENGTH)
        if not isinstance(description, str) or len(description) > DESCRIPTION_MAX_LENGTH:
            raise ValidationFailed(
                {"description": f"must be a text of at most {DESCRIPTION_MAX_LENGTH} characters"}
            )
        with acting(options, NAME_TAKEN) as act:
            act.check_actor()
            same = select(PermissionGroup.id).where(PermissionGroup.name == name)
            if act.session.scalar(same) is not None:
                raise ValidationFailed(NAME_TAKEN)
            group = PermissionGroup(name=name, description=description)
            act.session.add(group)
            act.session.flush()
            act.session.add_all(
                PermissionGroupMember(group_id=group.id, permission_id=p.id) for p in found
            )
            after = {"name": name, "permissions": [p.name for p in found]}
            act.record("group.create", f"group:{group.id}", None, after)
        return WriteReceipt(ids=(group.id,))

    def delete_group(self, group_id: int, **options: Unpack[WriteOptions]) -> WriteReceipt:
        """Delete a group; roles lose its grants, and regain the permissions that it denied them."""
        with (
            acting(options) as act,
            keeping_an_administrator(act.session, "group_id", begin_anew=act.commits),
        ):
            group = require(act.session, PermissionGroup, group_id)
            inside = _inside(act.session, group.id)
            denied = 0
            for member in inside:
                denied |= act.registry.mask_of_id(member.permission_id)
            act.authority.check_delegation(spread(act.session, group.id, Effect.DENY, denied))
            holders = check_holders(act.authority, group.id)
            before: dict[str, Any] = {
                "name": group.name,
                "permissions": _names(act.session, group.id),
            }
            before |= kept_of_group(act.session, group.id)
            act.record("group.delete", f"group:{group.id}", before, None)
            with sparing_holders(act.authority, holders):
                act.session.delete(group)
        return WriteReceipt(ids=(group_id,))

    def assign_permission_to_group(
        self, group_id: int, names: Iterable[str], **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Add permissions to a group; those that it has already stay."""
        permissions = checked_permissions(_as_list(names))
        with (
            acting(options, ADDED_MEANWHILE) as act,
            keeping_an_administrator(act.session, "group_id", begin_anew=act.commits),
        ):
            group = require(act.session, PermissionGroup, group_id)
            present = {member.permission_id for member in _inside(act.session, group.id)}
            added = [p for p in permissions if p.id not in present]
            if granted_locally(act.session, group.id):
                refuse_global(added, "names")
            act.authority.check_delegation(
                spread(act.session, group.id, Effect.ALLOW, mask_of(added))
            )
            holders = check_holders(act.authority, group.id, adding=added)
            with sparing_holders(act.authority, holders if added else []):
                act.session.add_all(
                    PermissionGroupMember(group_id=group.id, permission_id=p.id) for p in added
                )
            if added:
                after = {"added": [p.name for p in added]}
                act.record("group.update", f"group:{group.id}", None, after)
        return WriteReceipt(ids=(group_id,))

    def remove_permission_from_group(
        self, group_id: int, names: Iterable[str], **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Remove permissions from a group.

        Raises:
            ValidationFailed: also for one that is not in it (field ``names``).
        """
        permissions = checked_permissions(_as_list(names))
        with (
            acting(options) as act,
            keeping_an_administrator(act.session, "group_id", begin_anew=act.commits),
        ):
            group = require(act.session, PermissionGroup, group_id)
            inside = {member.permission_id: member for member in _inside(act.session, group.id)}
            _refuse_absent(permissions, inside)
            act.authority.check_delegation(
                spread(act.session, group.id, Effect.DENY, mask_of(permissions))
            )
            with sparing_holders(act.authority, check_holders(act.authority, group.id)):
                for permission in permissions:
                    act.session.delete(inside[permission.id])
            before = {"removed": [p.name for p in permissions]}
            act.record("group.update", f"group:{group.id}", before, None)
        return WriteReceipt(ids=(group_id,))

    def assign_group_to_role(
        self,
        group_id: int,
        role_id: int,
        scope_type: str | None = None,
        scope_id: int | None = None,
        effect: str = Effect.ALLOW,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Let the role allow (or deny) all permissions of a group in a scope."""
        wanted = checked_effect(effect)
        with acting(options, GRANTED_MEANWHILE, roles=[role_id]) as act:
            group = require(act.session, PermissionGroup, group_id)
            role = require_role(act.session, role_id, default_too=True)
            scope = grant_scope(act.session, role, scope_type, scope_id)
            permissions = act.registry.get_many(_names(act.session, group.id))
            check_grantable(permissions, role, scope)
            if wanted is Effect.DENY:
                refuse_denial(permissions, "group_id")
            grant = _group_grant(act.session, group.id, role.id, scope)
            before = grant.effect.value if grant else None
            act.authority.check_role(role)
            if wanted is Effect.ALLOW and before != wanted.value:
                act.authority.check_delegation(
                    {grant_place(role.home, scope): mask_of(permissions)}
                )
            elif before != wanted.value:
                act.authority.check_default_denial(role)
            with sparing(act.authority, role.home, [role.id] if before != wanted.value else []):
                if grant is None:
                    grant = RoleGroupGrant(
                        group_id=group.id,
                        role_id=role.id,
                        scope_key=scope,
                    )
                    act.session.add(grant)
                grant.effect = wanted
                act.session.flush()
            if before != wanted.value:
                shown = scope_shown(scope) | {"group": group.name}
                was, now = shown | {"effect": before}, shown | {"effect": wanted.value}
                act.record("role.grant", role, was, now)
        return WriteReceipt(ids=(grant.id,))

    def remove_group_from_role(
        self,
        group_id: int,
        role_id: int,
        scope_type: str | None = None,
        scope_id: int | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Remove the role's grant of a group in exactly this scope, allow or deny.

        Raises:
            ValidationFailed: also if it is not granted there (field ``group_id``).
        """
        with acting(options, roles=[role_id]) as act:
            group = require(act.session, PermissionGroup, group_id)
            role = require_role(act.session, role_id, default_too=True)
            scope = grant_scope(act.session, role, scope_type, scope_id, taken=True)
            grant = _group_grant(act.session, group.id, role.id, scope)
            if grant is None:
                raise ValidationFailed({"group_id": "is not granted to the role in this scope"})
            act.authority.check_role(role)
            if grant.effect is Effect.DENY:
                permissions = act.registry.get_many(_names(act.session, group.id))
                act.authority.check_delegation(
                    {grant_place(role.home, scope): mask_of(permissions)}
                )
            before = scope_shown(scope) | {"group": group.name, "effect": grant.effect.value}
            act.record("role.revoke", role, before, None)
            grant_id = grant.id
            with sparing(act.authority, role.home, [role.id]):
                act.session.delete(grant)
        return WriteReceipt(ids=(grant_id,))

    def list_registered_groups(self) -> list[RegisteredGroup]:
        """All groups by name, in two statements."""
        get_state()
        names: dict[int, list[str]] = {}
        for group_id, name in db.session.execute(
            select(PermissionGroupMember.group_id, Permission.name)
            .join(Permission, Permission.id == PermissionGroupMember.permission_id)
            .order_by(Permission.bit)
        ):
            names.setdefault(group_id, []).append(name)
        return [
            RegisteredGroup(group.id, group.name, group.description, tuple(names.get(group.id, ())))
            for group in db.session.scalars(select(PermissionGroup).order_by(PermissionGroup.name))
        ]


def _as_list(names: Iterable[str]) -> Iterable[str]:
    return [names] if isinstance(names, str) else names


def _inside(session: Session, group_id: int) -> list[PermissionGroupMember]:
    return list(
        session.scalars(
            select(PermissionGroupMember).where(PermissionGroupMember.group_id == group_id)
        )
    )


def _names(session: Session, group_id: int) -> list[str]:
    return list(
        session.scalars(
            select(Permission.name)
            .join(PermissionGroupMember, PermissionGroupMember.permission_id == Permission.id)
            .where(PermissionGroupMember.group_id == group_id)
            .order_by(Permission.bit)
        )
    )


def _refuse_absent(permissions: list[RegisteredPermission], inside: Iterable[int]) -> None:
    absent = [p.name for p in permissions if p.id not in set(inside)]
    if absent:
        raise ValidationFailed({"names": [f"'{name}' is not in the group" for name in absent]})


def _group_grant(
    session: Session, group_id: int, role_id: int, scope: str
) -> RoleGroupGrant | None:
    return session.scalar(
        select(RoleGroupGrant).where(
            RoleGroupGrant.group_id == group_id,
            RoleGroupGrant.role_id == role_id,
            RoleGroupGrant.scope_key == scope,
        )
    )
