"""Reversal of changes of permission groups."""

from __future__ import annotations

from yoto.permission.audited import Record, after_of, before_of, subject_id
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal.values import ids_of, note_absent, set_effect

PARTS_OF_GROUP = ("group_grants",)


def created(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a creation: the group was empty, and granted to no role."""
    history.groups.pop(subject_id(record), None)


def updated(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a change of a group's name or permissions."""
    before, group_id = before_of(record), subject_id(record)
    inside = history.groups.setdefault(group_id, set())
    inside -= ids_of(registry, after_of(record).get("added", ()))
    inside |= ids_of(registry, before.get("removed", ()))
    if "name" in before:
        history.group_names[before["name"]] = group_id


def deleted(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a deletion: the group comes back to the roles that had it."""
    before, group_id = before_of(record), subject_id(record)
    history.groups[group_id] = ids_of(registry, before["permissions"])
    history.group_names[before["name"]] = group_id
    note_absent(history, record, before, PARTS_OF_GROUP)
    for grant in before.get("group_grants", ()):
        key = (grant["role_id"], group_id, grant["scope"])
        set_effect(history.group_grants, key, grant["effect"])
