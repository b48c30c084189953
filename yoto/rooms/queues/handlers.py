"""Handlers of the platform's own kinds of queue items; each needs an app context.

``invalidate_permissions``: subjects that go on into the queue of invalidations.
``set_permissions``: grants of roles, set in the background.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from flask import current_app

from yoto.errors import LastAdministrator, PermissionDenied, ValidationFailed
from yoto.nodes import GLOBAL_KIND
from yoto.optimization import AdvancedOptimization
from yoto.permission.database.transactions import write
from yoto.permission.writes.grants import GrantWrites
from yoto.rooms.queues.batch import BatchQueue, QueueItem
from yoto.rooms.queues.invalidation import Submission
from yoto.store.resources import known_types

INVALIDATE = "invalidate_permissions"
SET = "set_permissions"

INVALIDATION_FIELDS = frozenset({"subjects", "reason", "level", "covering"})

_PATH = re.compile(r"^(?P<says>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `(?P<name>[^`]*)`")


def register_permission_handlers(queue: BatchQueue) -> None:
    """Let ``queue`` handle the platform's kinds of items.

    Raises:
        ValidationFailed: one of them has a handler already.
    """
    queue.register_handler(INVALIDATE, queue_invalidations, check_invalidations)
    queue.register_handler(SET, set_grants, check_grants)


def check_invalidations(payload: Mapping[str, Any]) -> None:
    """Refuse a payload without this shape: ``subjects``, a list, ``reason``, and optionally
    ``level`` and ``covering``; see ``Submission``.

    Raises:
        ValidationFailed: names the field.
    """
    _submissions(payload)


def queue_invalidations(items: Sequence[QueueItem]) -> None:
    """Queue the invalidations in ``items``; running it twice does no harm.

    Raises:
        ValidationFailed: a payload is wrong; nothing was queued.
        StoreUnavailable: Redis did not answer.
    """
    invalidation = AdvancedOptimization.of(current_app).invalidation
    invalidation.submit_many([one for item in items for one in _submissions(item.payload)])


def _submissions(payload: Mapping[str, Any]) -> list[Submission]:
    unknown = {str(name): "unknown field" for name in payload.keys() - INVALIDATION_FIELDS}
    if unknown:
        raise ValidationFailed(unknown)
    subjects = payload.get("subjects")
    if not isinstance(subjects, (list, tuple)) or not subjects:
        raise ValidationFailed({"subjects": "must be a list of at least one subject"})
    return [
        Submission(
            subject,
            payload.get("reason", ""),
            payload.get("level", "all"),
            payload.get("covering"),
        )
        for subject in subjects
    ]


class SetPermissions(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The payload of ``set_permissions``: grants of a role, set in the background.

    An item is equivalent to one call of ``PermissionSystem.assign_permissions_to_role``, whose
    arguments are its fields, UUIDs as texts. The hierarchy rules that are in force when it is
    handled decide, for ``actor_id``; without one the platform itself acts and may do everything.
    So code that enqueues for a person must name them: the queue is not reachable from outside,
    only from code of the platform and the application.
    """

    role_id: int
    names: list[str]
    scope_type: str | None = None
    scope_id: int | str | None = None
    effect: Literal["allow", "deny"] = "allow"
    actor_id: int | str | None = None
    reason: str | None = None


def check_grants(payload: Mapping[str, Any]) -> None:
    """Refuse a payload without this shape, or with a scope that the application lacks.

    Raises:
        ValidationFailed: names the field.
    """
    scope = _grant(payload).scope_type
    if scope not in (None, GLOBAL_KIND):
        declared = known_types().find(str(scope))
        if declared is None or not declared.askable:
            raise ValidationFailed({"scope_type": f"unknown scope {scope!r}"})


def set_grants(items: Sequence[QueueItem]) -> None:
    """Set the grants in ``items``, all or nothing; present ones stay as they are.

    Raises:
        ValidationFailed: an item can never be done, such as one with a missing role, or a grant
            that its actor may not give.
        MaintenanceMode, StoreUnavailable: it can be done later.
    """
    grants = GrantWrites()
    with write(commit=True):
        for item in items:
            wanted = _grant(item.payload)
            try:
                grants.assign_permissions_to_role(**msgspec.structs.asdict(wanted), commit=False)
            except (PermissionDenied, LastAdministrator) as error:
                raise ValidationFailed({"actor_id": str(error)}) from error


def _grant(payload: Mapping[str, Any]) -> SetPermissions:
    try:
        return msgspec.convert(payload, SetPermissions)
    except msgspec.ValidationError as error:
        match = _PATH.fullmatch(str(error))
        says, path = (match["says"], match["path"]) if match else (str(error), None)
        named = _FIELD.search(says)
        field = path or (named["name"] if named else "payload")
        raise ValidationFailed({field: says}) from None
