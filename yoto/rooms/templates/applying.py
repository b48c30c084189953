"""``permissions.templates``: lists templates, registers their permissions, grants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Unpack

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.cache import NodeId
from yoto.errors import PermissionDenied, UnknownPermission, UnknownResource, ValidationFailed
from yoto.permission.database.transactions import write
from yoto.permission.loading.finding import grant_scope, require_role
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.numbers import actor_number
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.registry.specs import Scoped
from yoto.permission.state import PermissionState, get_state
from yoto.permission.verdict.verdict import LACKS_PERMISSION, Decision
from yoto.permission.writes.acting import WriteOptions, with_defaults
from yoto.permission.writes.grants import check_grantable
from yoto.permission.writes.writes import Writes
from yoto.rooms.templates.library import CRUD, TemplateLibrary
from yoto.rooms.templates.template import PermissionTemplate, meaningless
from yoto.store.db import db
from yoto.store.models import Effect, Permission, RoleGrant, ScopeType
from yoto.store.resources import known_types

EXTENSION = "yoto.templates"

_writes = Writes()


def keep_library(app: Flask) -> None:
    """Give ``app`` the built-in templates, and room for its own."""
    app.extensions[EXTENSION] = TemplateLibrary()


class Templates:
    """Permission templates; shared arguments as in ``Writes``.

    A template is code: each process adds its own at its start. Applying one stores only grants, by
    the same writes as single grants.

    Args:
        template: the name of a template.
        level: the name of one of its levels.
        parameters: values for its parameters, by name.

    Raises:
        UnknownResource: no template has the name (field ``template``).
        ValidationFailed: an unknown level, or parameters that are missing, unknown or wrong (a
            field of the parameter's name each).
    """

    def all(self) -> list[PermissionTemplate]:
        """All templates, by name."""
        get_state()
        return _library().all()

    def get(self, template: str) -> PermissionTemplate:
        """One template."""
        get_state()
        return _library().get(template)

    def check(self, template: str, level: str | None, parameters: Mapping[str, str]) -> None:
        """Refuse values that a template cannot render, by the fields of a request for a level.

        Args:
            level: None stands for all levels.

        Raises:
            ValidationFailed: field ``level``, or one such as ``parameters.resource``.
        """
        found = self.get(template)
        if level is not None and level not in found.level_names():
            found.at(level)
        try:
            found.highest(parameters)
        except ValidationFailed as error:
            raise ValidationFailed(
                {f"parameters.{name}": texts for name, texts in error.errors.items()}
            ) from error

    def add(self, template: PermissionTemplate) -> None:
        """Add a template to this process; the same one again changes nothing.

        Raises:
            ValidationFailed: another one has its name (field ``name``), or a permission is of a
                scope that the application does not have (field ``levels``).
        """
        # It asks no store, so that a process can start in maintenance, or without Redis.
        _library().add(template)

    def register(
        self,
        template: str,
        parameters: Mapping[str, str] | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Register all permissions of a template; see ``batch_register_permissions``."""
        specs = self.get(template).highest(parameters).permissions
        return _writes.batch_register_permissions(
            specs, **_with_reason(options, f"template {template}")
        )

    def register_crud(
        self,
        resource: str,
        scope: str | None = None,
        *,
        abac: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Register ``resource`` + ``.read``, ``.create``, ``.update``, ``.delete``, in this order.

        The group of all four is ``resource``. Roles are granted them by the template ``crud``.

        Args:
            resource: the beginning of their names, such as ``wiki.page``; at most 64 characters.
            scope: the narrowest scope in which they mean something; by default ``"channel"``, and
                ``"global"`` where there are no channels.
            abac: whether policies judge them, too.
        """
        template = self.get(CRUD.name)
        parameters = {"resource": resource} | ({} if scope is None else {"scope": scope})
        specs = [replace(spec, abac=abac) for spec in template.highest(parameters).permissions]
        return _writes.batch_register_permissions(
            specs, **_with_reason(options, f"template {CRUD.name}")
        )

    def overwrite(
        self,
        template: str,
        level: str,
        parameters: Mapping[str, str] | None = None,
        *,
        deny_beyond: bool = False,
        scope: str = ScopeType.CHANNEL,
    ) -> dict[str, list[str]]:
        """``allow`` and ``deny`` of an overwrite, for ``set_overwrite``.

        Args:
            deny_beyond: deny the permissions of higher levels; else other rules decide on them.
            scope: the type of the overwrite's node.

        Raises:
            ValidationFailed: also for permissions that mean nothing at such a node (field
                ``level``), and for an unknown type (field ``scope``).
            UnknownPermission: one is not registered (field ``template``).
        """
        state, kind = get_state(), known_types().get(scope).name
        specs = self.get(template).at(level, parameters)
        allow = [spec.name for spec in specs.permissions]
        lost = meaningless(state.registry.get_many(allow, "template"), kind)
        if lost:
            raise ValidationFailed({"level": f"mean nothing in a {kind}: {', '.join(lost)}"})
        deny = [spec.name for spec in specs.beyond] if deny_beyond else []
        lost = meaningless(state.registry.get_many(deny, "template"), kind)
        return {"allow": allow, "deny": [name for name in deny if name not in lost]}

    def apply(
        self,
        role_id: int,
        template: str,
        level: str,
        scope_type: str | None = None,
        scope_id: NodeId | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        replace: bool = False,
        register: bool = False,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Let the role allow all permissions of a level of a template, in a scope.

        Applying again changes nothing. ``scope_type`` and ``scope_id`` as in
        ``assign_permissions_to_role``.

        Args:
            replace: also remove the role's grants of higher levels there. Denies stay.
            register: register missing permissions first, for good; only for the system and
                super-admins.

        Returns:
            A receipt whose ``ids`` are the grants of the level's permissions, lowest first.

        Raises:
            ValidationFailed: also for permissions that mean nothing in such a scope (field
                ``scope_type``), and for ``register`` without ``commit``.
            UnknownPermission: one is not registered (field ``template``).
            PermissionDenied: as for a grant.
        """
        actor_id, reason, commit = with_defaults(
            **_with_reason(options, f"template {template}: {level}")
        )
        number, state = actor_number(actor_id), get_state()
        specs = self.get(template).at(level, parameters)
        scope = (scope_type, scope_id)
        acting: WriteOptions = {"actor_id": number, "reason": reason}
        known = state.registry.refresh().by_name
        _check_meaning([known.get(spec.name, spec) for spec in specs.permissions], scope_type)
        missing = [spec for spec in specs.permissions if spec.name not in known]
        with _about_the_template():
            if register and missing:
                if not commit:
                    raise ValidationFailed({"register": "cannot be left uncommitted"})
                _check_may_register(state, missing, role_id, scope, number)
                _writes.batch_register_permissions(missing, **acting)
            names = [spec.name for spec in specs.permissions]
            with write(commit) as session:
                granted = _writes.assign_permissions_to_role(
                    role_id, names, *scope, commit=False, **acting
                )
                beyond = _allowed(session, role_id, scope, specs.beyond) if replace else []
                if beyond:
                    _writes.revoke_permissions_from_role(
                        role_id, beyond, *scope, commit=False, **acting
                    )
        return WriteReceipt(ids=granted.ids)


TEMPLATES = Templates()
Scope = tuple[str | None, NodeId | None]


def _library() -> TemplateLibrary:
    found: TemplateLibrary = current_app.extensions[EXTENSION]
    return found


def _with_reason(options: WriteOptions, reason: str) -> WriteOptions:
    """The options, with this reason where the caller gives none."""
    return {**options, "reason": options.get("reason") or reason}


def _check_meaning(permissions: Iterable[Scoped], scope: str | None) -> None:
    """Refuse to grant permissions in a narrow scope that are only checked in a wider one."""
    if scope is None or known_types().find(scope) is None:
        return  # everywhere; or unknown, which the write refuses
    lost = meaningless(permissions, scope)
    if lost:
        raise ValidationFailed({"scope_type": f"mean nothing in a {scope}: {', '.join(lost)}"})


def _check_may_register(
    state: PermissionState,
    missing: Sequence[Scoped],
    role_id: int,
    scope: Scope,
    actor_id: int | None,
) -> None:
    """Check all rules of the grant, before anything is registered for it."""
    session = db.session()
    role = require_role(session, role_id, default_too=True)
    check_grantable(missing, role, grant_scope(session, role, *scope))
    if not Authority(state, session, actor_id).unbounded:
        names = tuple(permission.name for permission in missing)
        raise PermissionDenied(Decision(False, LACKS_PERMISSION, names=names), ", ".join(names))


def _allowed(
    session: Session, role_id: int, scope: Scope, permissions: Iterable[Scoped]
) -> list[str]:
    """The permissions among these that the role allows in exactly this scope."""
    role = require_role(session, role_id, default_too=True)
    key = grant_scope(session, role, *scope)
    return list(
        session.scalars(
            select(Permission.name)
            .join(RoleGrant, RoleGrant.permission_id == Permission.id)
            .where(
                RoleGrant.role_id == role.id,
                RoleGrant.scope_key == key,
                RoleGrant.effect == Effect.ALLOW,
                Permission.name.in_(permission.name for permission in permissions),
            )
            .order_by(Permission.bit)
        )
    )


@contextmanager
def _about_the_template() -> Iterator[None]:
    """Say that wrong names are the template's: the caller has named no permission."""
    try:
        yield
    except UnknownPermission as error:
        raise UnknownPermission(error.names, "template") from error
    except UnknownResource:
        raise
    except ValidationFailed as error:
        if "names" not in error.errors:
            raise
        raise ValidationFailed({"template": error.errors["names"]}) from error
