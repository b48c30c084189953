"""Making, changing and deleting roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from sqlalchemy import select

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.permission.loading.finding import (
    checked_home,
    named_home,
    require_role,
)
from yoto.permission.outbox.deletion_records import kept_of_role
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.rank.delegation import delegated_grants, parents_of, role_closure
from yoto.permission.rank.losses import sparing
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state
from yoto.permission.writes.acting import Act, WriteOptions, acting
from yoto.permission.writes.role_rules import (
    LOWEST_POSITION,
    NAME_TAKEN,
    check_inheritance,
    checked_flag,
    checked_parent,
    checked_position,
    checked_role_name,
    wait_for_others,
)
from yoto.store.db import db
from yoto.store.models import NOWHERE, Effect, Role, RoleParent, ScopeType


class Unset:
    """The type of ``UNSET``: a field that an update leaves as it is."""


UNSET = Unset()


@dataclass(frozen=True, slots=True)
class RegisteredRole:
    """A role as stored; fields as the columns of ``yoto.store.models.Role``."""

    id: int
    name: str
    home: str
    parent_id: int | None
    position: int
    active: bool
    is_default: bool


class RoleWrites:
    """Roles themselves, and their parents; shared arguments as in ``Writes``."""

    def register_role(
        self,
        name: str,
        server_id: int | None = None,
        parent: int | None = None,
        *,
        home: tuple[str, NodeId] | None = None,
        position: int = LOWEST_POSITION,
        active: bool = True,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Make a role of a node that people belong to, or a global one; the receipt has its id.

        Args:
            home: the node, type and id; ``server_id`` is short for a server.
            parent: id of the role to inherit from: one of the same home, or a global one.
            position: rank among the roles of the home, higher is above.
        """
        fields = {
            "name": name,
            "server_id": server_id,
            "home": home,
            "parent": parent,
            "position": position,
            "active": active,
        }
        return self.batch_register_roles([fields], **options)

    def batch_register_roles(
        self, roles: Iterable[Mapping[str, Any]], **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Make several roles, or none; each a mapping of ``register_role``'s arguments."""
        with acting(options, NAME_TAKEN) as act:
            act.check_actor()
            ids = [_make_role(act, **fields) for fields in roles]
        return WriteReceipt(ids=tuple(ids))

    def update_role(
        self,
        role_id: int,
        *,
        name: str | Unset = UNSET,
        position: int | Unset = UNSET,
        parent: int | None | Unset = UNSET,
        active: bool | Unset = UNSET,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Change the given fields of a role; the default role has none to change."""
        with acting(options, NAME_TAKEN, roles=[role_id]) as act:
            if not isinstance(parent, Unset):
                wait_for_others(act.session, role_id, begin_anew=act.commits)
            role = require_role(act.session, role_id)
            act.authority.check_role(role)
            before = _shown(role)
            changes: dict[str, Any] = {}
            if not isinstance(name, Unset):
                changes["name"] = checked_role_name(act.session, name, role.home, role.id)
                if role.declared is not None and changes["name"] != role.name:
                    raise ValidationFailed({"name": "is the name by which the code declares it"})
            if not isinstance(position, Unset):
                changes["position"] = checked_position(position)
                act.authority.check_raising(role, changes["position"])
            if not isinstance(parent, Unset):
                found = checked_parent(act.session, parent, role.home, role)
                changes["parent_id"] = found.id if found else None
            if not isinstance(active, Unset):
                changes["active"] = checked_flag(active, "active")
            check_inheritance(act.session, act.registry, act.authority, role, changes)
            reshaped = [role.id] if changes.keys() & {"parent_id", "active"} else []
            with sparing(act.authority, role.home, reshaped):
                for column, value in changes.items():
                    setattr(role, column, value)
            after = _shown(role)
            changed = [field for field in after if after[field] != before[field]]
            if changed:
                was, now = ({field: one[field] for field in changed} for one in (before, after))
                act.record("role.update", role, was, now)
        return WriteReceipt(ids=(role.id,))

    def delete_role(self, role_id: int, **options: Unpack[WriteOptions]) -> WriteReceipt:
        """Delete a role with its grants, assignments and overwrites; its children lose a parent."""
        with acting(options, roles=[role_id]) as act:
            role = require_role(act.session, role_id, lent_too=True)
            act.authority.check_role(role)
            lost = delegated_grants(
                act.session, act.registry, role_closure(act.session, role), Effect.DENY, role.home
            )
            act.authority.check_delegation(lost)
            with sparing(act.authority, role.home, [role.id]) as change:
                change.gone.add(role.id)
            before = _shown(role) | {"home": role.home} | kept_of_role(act.session, role.id)
            act.record("role.delete", role, before, None)
            act.session.delete(role)
        return WriteReceipt(ids=(role_id,))

    def list_registered_roles(self, home: tuple[str, NodeId] | None = None) -> list[RegisteredRole]:
        """The roles of a node that people belong to, or the global ones, highest first.

        Args:
            home: the node, type and id.

        Raises:
            ValidationFailed: ``home`` is no such node.
        """
        get_state()
        at = NOWHERE if home is None else str(named_home(home))
        found = db.session.scalars(
            select(Role).where(Role.home == at).order_by(Role.position.desc(), Role.id)
        )
        return [
            RegisteredRole(
                role.id,
                role.name,
                role.home,
                role.parent_id,
                role.position,
                role.active,
                role.is_default,
            )
            for role in found
        ]

    def add_role_parent(
        self, role_id: int, parent_id: int, **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Let a role inherit from one more; the first is ``parent`` of ``update_role``."""
        with acting(options, roles=[role_id]) as act:
            wait_for_others(act.session, role_id, begin_anew=act.commits)
            role = require_role(act.session, role_id)
            number = checked_id(parent_id, "parent_id")
            parent = checked_parent(act.session, number, role.home, role)
            assert parent is not None
            if parent in parents_of(act.session, role):
                raise ValidationFailed({"parent_id": "is a parent already"})
            act.authority.check_role(role)
            ancestors = role_closure(act.session, parent)
            act.authority.check_delegation(
                delegated_grants(act.session, act.registry, ancestors, Effect.ALLOW, role.home)
            )
            act.authority.check_giving(role.home, ancestors)
            with sparing(act.authority, role.home, [role.id]):
                act.session.add(RoleParent(role_id=role.id, parent_id=parent.id))
            act.record("role.update", role, None, {"parent_id": parent.id})
        return WriteReceipt(ids=(role_id,))

    def remove_role_parent(
        self, role_id: int, parent_id: int, **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Let a role no longer inherit from one that ``add_role_parent`` gave it."""
        with acting(options, roles=[role_id]) as act:
            role = require_role(act.session, role_id)
            row = act.session.get(RoleParent, (role.id, checked_id(parent_id, "parent_id")))
            if row is None:
                raise ValidationFailed({"parent_id": "is no further parent of the role"})
            act.authority.check_role(role)
            parent = act.session.get(Role, parent_id)
            ancestors = role_closure(act.session, parent)
            act.authority.check_delegation(
                delegated_grants(act.session, act.registry, ancestors, Effect.DENY, role.home)
            )
            with sparing(act.authority, role.home, [role.id]):
                act.session.delete(row)
            act.record("role.update", role, {"parent_id": parent_id}, None)
        return WriteReceipt(ids=(role_id,))


def _make_role(
    act: Act,
    *,
    name: str,
    server_id: int | None = None,
    home: tuple[str, NodeId] | None = None,
    parent: int | None = None,
    position: int = LOWEST_POSITION,
    active: bool = True,
) -> int:
    if home is not None and server_id is not None:
        raise ValidationFailed({"home": "give either home or server_id"})
    at = NOWHERE
    if home is not None:
        at = checked_home(act.session, home)
    elif server_id is not None:
        at = checked_home(act.session, (ScopeType.SERVER.value, server_id), "server_id")
    checked_position(position)
    act.authority.check_position(at, position)
    inherited = checked_parent(act.session, parent, at)
    ancestors = role_closure(act.session, inherited)
    act.authority.check_delegation(
        delegated_grants(act.session, act.registry, ancestors, Effect.ALLOW, at)
    )
    act.authority.check_giving(at, ancestors)
    role = Role(
        home=at,
        name=checked_role_name(act.session, name, at, lends=act.is_agreed),
        parent_id=inherited.id if inherited else None,
        position=position,
        active=checked_flag(active, "active"),
    )
    act.session.add(role)
    act.session.flush()
    act.record("role.create", role, None, _shown(role))
    return role.id


def _shown(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "position": role.position,
        "parent_id": role.parent_id,
        "active": role.active,
    }
