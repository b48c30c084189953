"""``set_permissions``: grants of roles, set in the background.

An item is equivalent to one call of ``PermissionSystem.assign_permissions_to_role``. The hierarchy
rules that are in force when it is handled decide, for ``actor_id``; without one the platform itself
acts and may do everything. So code that enqueues for a person must name them: the queue is not
reachable from outside, only from code of the platform and the application.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from yoto.errors import LastAdministrator, PermissionDenied, ValidationFailed
from yoto.nodes import GLOBAL_KIND
from yoto.permission.database.transactions import write
from yoto.permission.writes.grants import GrantWrites
from yoto.rooms.queues.batch import QueueItem
from yoto.store.resources import known_types

KIND = "set_permissions"

_PATH = re.compile(r"^(?P<says>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `(?P<name>[^`]*)`")


class SetPermissions(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The payload; fields as the arguments of ``assign_permissions_to_role``, UUIDs as texts."""

    role_id: int
    names: list[str]
    scope_type: str | None = None
    scope_id: int | str | None = None
    effect: Literal["allow", "deny"] = "allow"
    actor_id: int | str | None = None
    reason: str | None = None


def check(payload: Mapping[str, Any]) -> None:
    """Refuse a payload without this shape, or with a scope that the application lacks.

    Raises:
        ValidationFailed: names the field.
    """
    scope = _read(payload).scope_type
    if scope not in (None, GLOBAL_KIND):
        declared = known_types().find(str(scope))
        if declared is None or not declared.askable:
            raise ValidationFailed({"scope_type": f"unknown scope {scope!r}"})


def handle(items: Sequence[QueueItem]) -> None:
    """Set the grants in ``items``, all or nothing; present ones stay as they are.

    Raises:
        ValidationFailed: an item can never be done, such as one with a missing role, or a grant
            that its actor may not give.
        MaintenanceMode, StoreUnavailable: it can be done later.
    """
    grants = GrantWrites()
    with write(commit=True):
        for item in items:
            wanted = _read(item.payload)
            try:
                grants.assign_permissions_to_role(**msgspec.structs.asdict(wanted), commit=False)
            except (PermissionDenied, LastAdministrator) as error:
                raise ValidationFailed({"actor_id": str(error)}) from error


def _read(payload: Mapping[str, Any]) -> SetPermissions:
    try:
        return msgspec.convert(payload, SetPermissions)
    except msgspec.ValidationError as error:
        match = _PATH.fullmatch(str(error))
        says, path = (match["says"], match["path"]) if match else (str(error), None)
        named = _FIELD.search(says)
        field = path or (named["name"] if named else "payload")
        raise ValidationFailed({field: says}) from None
