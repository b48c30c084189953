"""Global roles that the application declares by name, and set-up stores.

Set-up carries out changes in the declaration since it last ran, and leaves changes by operators:
with each role it stores the declaration of that time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from yoto.errors import ConfigurationError, ValidationFailed
from yoto.permission.loading.source import reading
from yoto.permission.state import get_state
from yoto.permission.writes.acting import Act, acting
from yoto.permission.writes.role_rules import (
    LENDING,
    LOWEST_POSITION,
    NAME_MAX_LENGTH,
    NAME_TAKEN,
    checked_label,
)
from yoto.store.db import db
from yoto.store.declarations import declarations_of
from yoto.store.models import EVERYONE, NOWHERE, Effect, Role, RoleGrant, ScopeType

GLOBALLY = ScopeType.GLOBAL.value
REASON = "roles of the code"


def checked_roles(given: Mapping[Any, Any]) -> dict[str, tuple[str, ...]]:
    """Roles as ``Yoto(roles=...)`` declares them: name to the names of the permissions.

    Raises:
        ConfigurationError: a malformed entry; it names the role.
    """
    return {_checked_name(name): _checked_names(name, names) for name, names in given.items()}


def check_permissions(
    roles: Mapping[str, Iterable[str]], known: Collection[str], field: str = "roles"
) -> None:
    """Raises ``ConfigurationError`` for a role that allows an undeclared permission."""
    for role, names in roles.items():
        for name in names:
            if name not in known:
                raise ConfigurationError(
                    field, f"'{role}': '{name}' is none of the declared permissions"
                )


def _checked_name(name: Any) -> str:
    try:
        label = checked_label(name, NAME_MAX_LENGTH)
    except ValidationFailed as error:
        raise ConfigurationError("roles", f"{name!r}: {', '.join(error.errors['name'])}") from None
    if label != name or label == EVERYONE or label.startswith(LENDING):
        raise ConfigurationError("roles", f"{name!r} cannot be the name of a declared role")
    if label.isdigit():
        raise ConfigurationError("roles", f"{name!r}: a name of digits would be taken for an id")
    return label


def _checked_names(role: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Collection):
        raise ConfigurationError("roles", f"'{role}': give a list of permissions, not {names!r}")
    for name in names:
        if not isinstance(name, str):
            raise ConfigurationError("roles", f"'{role}': {name!r} is no name of a permission")
    return tuple(dict.fromkeys(names))


def role_number(role: Any, field: str = "role_id") -> Any:
    """The id of a role that is given by its id, or by the name that the application declares.

    A name that is not declared finds no role: people choose the names of roles of their own.

    Raises:
        ValidationFailed: a text that is no declared name, or one that set-up has not stored yet.
    """
    if not isinstance(role, str):
        return role
    get_state()
    if role.strip().isdigit():
        raise ValidationFailed({field: f"{role!r} is a text: give the id of a role as an integer"})
    if role not in declarations_of(current_app).named_roles:
        raise ValidationFailed(
            {field: f"no declared role is called {role!r} (Yoto(roles=...)): give its id"}
        )
    with reading():
        found = db.session.scalar(
            select(Role.id).where(
                Role.home == NOWHERE, Role.name == role, Role.declared.is_not(None)
            )
        )
    if found is None:
        raise ValidationFailed(
            {field: f"the declared role {role!r} is not stored yet: run 'flask yoto setup'"}
        )
    return found


class DeclaredRoles:
    """Stores the roles that the application declares."""

    def sync_declared_roles(self) -> list[str]:
        """Carry out changes in the declaration since the last time; a line for each change.

        A missing role is made, and a global one of that name, if there is one, is the declared one
        from now on. A permission that is new in the declaration is granted, and one that is no
        longer in it is revoked. Grants, revocations and denials by operators stay, and so does a
        role that is no longer declared.

        Raises:
            UnknownPermission: a declared role allows an unregistered permission.
            LastAdministrator: nobody would administer the platform any more.
        """
        declared = declarations_of(current_app).named_roles
        ids = [role.id for role in _stored(db.session(), declared).values()]
        if not declared and not ids:
            return []
        with acting({"reason": REASON}, NAME_TAKEN, roles=ids) as act:
            stored = _stored(act.session, declared)
            lines = []
            for position, (name, names) in enumerate(declared.items(), LOWEST_POSITION):
                lines += _sync(act, stored.pop(name, None), name, position, names)
            for role in stored.values():
                role.declared = None
                lines.append(f"'{role.name}' is declared no longer, and stays with its holders")
        return lines


def _stored(session: Session, declared: Collection[str]) -> dict[str, Role]:
    """The global roles that are declared, or were, by name."""
    wanted = or_(Role.name.in_(declared), Role.declared.is_not(None))
    found = session.scalars(select(Role).where(Role.home == NOWHERE, wanted).order_by(Role.id))
    return {role.name: role for role in found}


def _sync(
    act: Act, role: Role | None, name: str, position: int, names: tuple[str, ...]
) -> list[str]:
    before: Mapping[str, Any] = {}
    made = role is None
    if role is None:
        role = Role(home=NOWHERE, name=name, position=position)
        act.session.add(role)
        act.session.flush()
        act.record("role.create", role, None, {"name": name, "position": position})
    else:
        before = role.declared or {}
        if before.get("position") == role.position != position:
            act.record("role.update", role, {"position": role.position}, {"position": position})
            role.position = position
    known = before.get("permissions", ())
    granted = _grant(act, role, [one for one in names if one not in known])
    revoked = _revoke(act, role, [one for one in known if one not in names])
    role.declared = {"position": position, "permissions": list(names)}
    if made:
        return [f"'{name}' made"]
    changes = [f"allows {one}" for one in granted] + [f"no longer allows {one}" for one in revoked]
    return [f"'{name}' {', '.join(changes)}"] if changes else []


def _grant(act: Act, role: Role, names: list[str]) -> list[str]:
    """Let the role allow permissions that it neither allows nor denies; returns their names."""
    found = get_state().registry.get_many(names, "roles") if names else []
    stored = _effects(act.session, role)
    new = [one for one in found if one.id not in stored]
    act.session.add_all(
        RoleGrant(role_id=role.id, permission_id=one.id, scope_key=GLOBALLY, effect=Effect.ALLOW)
        for one in new
    )
    added = [one.name for one in new]
    if added:
        after = {"scope": GLOBALLY, "grants": dict.fromkeys(added, Effect.ALLOW.value)}
        before = {"scope": GLOBALLY, "grants": dict.fromkeys(added)}
        act.record("role.grant", role, before, after)
    return added


def _revoke(act: Act, role: Role, names: list[str]) -> list[str]:
    """Revoke permissions that the role allows by an earlier declaration; returns their names."""
    by_name = get_state().registry.snapshot.by_name
    stored = _effects(act.session, role)
    taken = []
    for name in names:
        grant = stored.get(by_name[name].id) if name in by_name else None
        if grant is not None and grant.effect is Effect.ALLOW:
            act.session.delete(grant)
            taken.append(name)
    if taken:
        grants = dict.fromkeys(taken, Effect.ALLOW.value)
        act.record("role.revoke", role, {"scope": GLOBALLY, "grants": grants}, None)
    return taken


def _effects(session: Session, role: Role) -> dict[int, RoleGrant]:
    """The role's global grants and denials, by permission."""
    of = RoleGrant
    found = session.scalars(select(of).where(of.role_id == role.id, of.scope_key == GLOBALLY))
    return {grant.permission_id: grant for grant in found}
