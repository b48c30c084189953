"""Storing permissions: names that are new get the next free bits.

Bits are allocated under a lock that all registering processes share: the whole table on SQLite,
its rows on a server. Where two of them still meet (two first registrations, or on PostgreSQL two
that waited for the same rows), the database refuses one, which tries again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from sqlalchemy import exc, insert, select
from sqlalchemy.orm import Session

from yoto.errors import StoreUnavailable, ValidationFailed, WriteConflict
from yoto.permission.database.pool import SidePool
from yoto.permission.database.transactions import has_written, write
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.numbers import SubjectId, actor_number
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.scopes import GLOBAL
from yoto.permission.registry.specs import PermissionSpec, checked_spec
from yoto.permission.state import get_state, get_state_in_maintenance
from yoto.permission.writes.acting import WriteOptions, with_defaults
from yoto.store.db import db
from yoto.store.models import OnPolicyError, Permission, ScopeType, record_audit
from yoto.store.resources import known_types

ATTEMPTS = 8
BACK_OFF_SECONDS = 0.05  # times the attempt, at random: a registration takes a few milliseconds

_STORED = select(
    Permission.id,
    Permission.name,
    Permission.bit,
    Permission.scope,
    Permission.abac,
    Permission.category,
    Permission.description,
    Permission.on_policy_error,
    Permission.requires_approvals,
).order_by(Permission.bit)


def read_permissions(pool: SidePool) -> list[RegisteredPermission]:
    """All committed permissions, by bit.

    Args:
        pool: it has one connection, for this use alone. The registry outlives the caller's
            transaction, and must not remember rows that it may roll back; and the caller holds a
            connection of the requests, or of the loaders, and must not wait for another one.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    with pool.read() as connection:
        return [_registered(row) for row in connection.execute(_STORED)]


def _registered(row: Any) -> RegisteredPermission:
    id_, name, bit, scope, abac, category, description, on_error, approvals = row
    return RegisteredPermission(
        id_, name, bit, scope, abac, category, description, on_error, approvals
    )


class Registration:
    """Registers permissions."""

    def register_permission(
        self,
        name: str,
        group: str | None = None,
        description: str | None = None,
        scope: str = ScopeType.CHANNEL,
        abac: bool = False,
        on_policy_error: str = OnPolicyError.DENY.value,
        requires_approvals: int | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Register one permission; see ``batch_register_permissions``."""
        spec = {
            "name": name,
            "group": group,
            "description": description,
            "scope": scope,
            "abac": abac,
            "on_policy_error": on_policy_error,
            "requires_approvals": requires_approvals,
        }
        return self.batch_register_permissions([spec], **options)

    def batch_register_permissions(
        self,
        permissions: Iterable[str | Mapping[str, Any] | PermissionSpec],
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Register new permissions; existing ones must have the same scope and flag.

        Args:
            permissions: names, or mappings with ``name`` and any of ``group``, ``description``,
                ``scope`` (``"channel"`` by default: the narrowest), ``abac``, and
                ``on_policy_error``: ``"deny"`` (default), or ``"rbac"`` for one that roles decide
                alone where policies give no verdict; ``requires_approvals``: how many persons must
                agree to lend it on request, 1 by default, 0 if it cannot be requested.

        Returns:
            A receipt whose ``ids`` are the database ids of all of them, in the order given.

        Raises:
            ValidationFailed: a malformed entry, or one that contradicts a registered one; then
                nothing was stored.
        """
        get_state()
        specs = [checked_spec(entry) for entry in permissions]
        ids, _ = _store(specs, options, strict=True)
        return WriteReceipt(ids=tuple(ids[spec.name] for spec in specs))

    def declare(self, *permissions: str | Mapping[str, Any] | PermissionSpec) -> None:
        """Add permissions to those that come with the code, while the app starts.

        Nothing is stored: ``sync_catalogue`` does that, at ``flask setup``, and ``/readyz`` reports
        missing ones until then. An equal permission changes nothing.

        Args:
            permissions: as in ``batch_register_permissions``.

        Raises:
            ValidationFailed: a malformed entry, or another one has its name; then none counts.
        """
        # It asks no store, so that a process can start in maintenance, or without Redis.
        get_state_in_maintenance().catalogue.add(permissions)

    def catalogue(self) -> list[PermissionSpec]:
        """The permissions that come with the code, those built in first."""
        return get_state_in_maintenance().catalogue.all()

    def sync_catalogue(self, *, actor_id: SubjectId | None = None) -> list[str]:
        """Register permissions of the code that the database lacks; the names
        added.

        Present entries stay as they are, also where an operator changed them.
        """
        known = get_state().registry.refresh().by_name
        missing = [spec for spec in self.catalogue() if spec.name not in known]
        if not missing:
            return []
        options: WriteOptions = {"actor_id": actor_id, "reason": "permissions of the code"}
        return _store(missing, options, strict=False)[1]

    def list_registered_permissions(self) -> list[RegisteredPermission]:
        """All registered permissions, by bit, as the database has them now."""
        return list(get_state().registry.refresh().by_name.values())

    def get_permission_registry_stats(self) -> dict[str, Any]:
        """The number of registered permissions: in total, per scope, per group, and with ABAC.

        ``policy_failures``: how often, in this process, roles alone decided about each because
        policies gave no verdict.
        """
        found = self.list_registered_permissions()
        by_scope = dict.fromkeys(
            (GLOBAL.kind, *(one.name for one in known_types() if one.askable)), 0
        )
        by_group: dict[str, int] = {}
        for permission in found:
            by_scope[permission.scope] = by_scope.get(permission.scope, 0) + 1
            group = permission.group or ""
            by_group[group] = by_group.get(group, 0) + 1
        return {
            "permissions": len(found),
            "highest_bit": max((permission.bit for permission in found), default=None),
            "abac": sum(permission.abac for permission in found),
            "policy_failures": get_state().policy_failures.counts(),
            "by_scope": by_scope,
            "by_group": by_group,
        }


def _store(
    specs: Sequence[PermissionSpec], options: WriteOptions, *, strict: bool
) -> tuple[dict[str, int], list[str]]:
    """Store the missing permissions; returns ids by name, and the added names.

    Args:
        strict: refuse a permission that is stored otherwise; else the stored one stays.
    """
    actor_id, reason, commit = with_defaults(**options)
    number = actor_number(actor_id)
    # Trying again starts the transaction anew, which must not cost the caller anything.
    attempts = ATTEMPTS if commit and not has_written(db.session()) else 1
    for attempt in range(1, attempts + 1):
        try:
            with write(commit) as session:
                ids, added = _insert_missing(session, specs, strict=strict)
                if added:
                    record_audit(
                        "permission.register",
                        "permissions",
                        by=number,
                        after={"names": added},
                        reason=reason,
                        session=session,
                    )
            break
        except (exc.IntegrityError, StoreUnavailable, WriteConflict):
            if attempt == attempts:
                raise
            time.sleep(random.uniform(0, BACK_OFF_SECONDS * attempt))
    if commit:
        get_state().registry.refresh()
    return ids, added


def _insert_missing(
    session: Session, specs: Sequence[PermissionSpec], *, strict: bool
) -> tuple[dict[str, int], list[str]]:
    stored = [_registered(row) for row in session.execute(_STORED.with_for_update())]
    known = {permission.name: permission for permission in stored}
    missing: dict[str, PermissionSpec] = {}
    for spec in specs:
        found = known.get(spec.name) or missing.get(spec.name)
        if found is None:
            missing[spec.name] = spec
        elif strict:
            _check_same(spec, found)
    if missing:
        first = stored[-1].bit + 1 if stored else 0
        rows = [
            {
                "name": spec.name,
                "bit": bit,
                "scope": spec.scope,
                "category": spec.group,
                "description": spec.description,
                "abac": spec.abac,
                "on_policy_error": spec.on_policy_error,
                "requires_approvals": spec.approvals,
            }
            for bit, spec in enumerate(missing.values(), first)
        ]
        session.execute(insert(Permission), rows)
        added = session.execute(_STORED.where(Permission.bit >= first))
        known |= {row.name: _registered(row) for row in added}
    return {spec.name: known[spec.name].id for spec in specs}, list(missing)


def _check_same(spec: PermissionSpec, found: RegisteredPermission | PermissionSpec) -> None:
    for field in ("scope", "abac", "on_policy_error", "requires_approvals"):
        wanted, has = getattr(spec, field), getattr(found, field)
        if wanted != has and not (field == "requires_approvals" and wanted is None):
            raise ValidationFailed({field: f"{spec.name} is registered with {field} {has!r}"})
