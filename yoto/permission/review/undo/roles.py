"""Taking back what happened to roles, their grants and their holders."""

from __future__ import annotations

from yoto.permission.explain.evidence import RoleRow
from yoto.permission.registry import PermissionRegistry
from yoto.permission.review.history import History
from yoto.permission.review.undo.values import (
    Record,
    after_of,
    before_of,
    ids_of,
    note,
    note_absent,
    set_effect,
    subject_id,
    window_of,
)
from yoto.permission.rows import home_text

PARTS_OF_ROLE = ("grants", "group_grants", "overwrites", "holders", "children")


def assigned(history: History, record: Record, registry: PermissionRegistry) -> None:
    """``role.assign`` and ``role.unassign``."""
    before = before_of(record)
    if (before or after_of(record)).get("node") or not record.subject.startswith("user:"):
        note(history, record, "what is held at a node, or by others than people, is as it is now")
        return
    held, role_id = history.windows[subject_id(record)], (before or after_of(record))["role_id"]
    if before:
        held[role_id] = window_of(before)
    else:
        held.pop(role_id, None)


def granted(history: History, record: Record, registry: PermissionRegistry) -> None:
    """``role.grant`` and ``role.revoke``, of permissions or of a group."""
    before, role_id = before_of(record), subject_id(record)
    scope = before["scope"]
    if "group" in before:
        group_id = history.group_names.get(before["group"])
        if group_id is None:
            note(history, record, f"group '{before['group']}' is not known by that name any more")
        else:
            set_effect(history.group_grants, (role_id, group_id, scope), before["effect"])
        return
    for name, effect in before["grants"].items():
        for permission_id in ids_of(registry, [name]):
            set_effect(history.grants, (role_id, permission_id, scope), effect)


def created(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Nobody held it, and it granted nothing."""
    role_id = subject_id(record)
    history.roles.pop(role_id, None)
    for held in history.windows.values():
        held.pop(role_id, None)


def updated(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Its parent, name, or whether it is active."""
    role = history.roles.get(subject_id(record))
    if role is not None:
        before, after = before_of(record), after_of(record)
        fields = {key: value for key, value in before.items() if key in RoleRow._fields}
        if "parent_id" in before or "parent_id" in after:
            gone = {after.get("parent_id")}
            parents = [one for one in role.parents if one not in gone]
            if before.get("parent_id") is not None:
                parents.insert(0, before["parent_id"])
            fields["parents"] = tuple(parents)
        history.roles[role.id] = role._replace(**fields)


def deleted(history: History, record: Record, registry: PermissionRegistry) -> None:
    """The role comes back with what went with it."""
    before, role_id = before_of(record), subject_id(record)
    history.roles[role_id] = RoleRow(
        role_id,
        home_text(record.server_id),
        () if before["parent_id"] is None else (before["parent_id"],),
        before["active"],
        False,
        before["name"],
    )
    note_absent(history, record, before, PARTS_OF_ROLE)
    for grant in before.get("grants", ()):
        for permission_id in ids_of(registry, [grant["permission"]]):
            key = (role_id, permission_id, grant["scope"])
            set_effect(history.grants, key, grant["effect"])
    for grant in before.get("group_grants", ()):
        key = (role_id, grant["group_id"], grant["scope"])
        set_effect(history.group_grants, key, grant["effect"])
    for row in before.get("overwrites", ()):
        for permission_id in ids_of(registry, [row["permission"]]):
            place_key = (row["place"], f"role:{role_id}", permission_id)
            set_effect(history.overwrites, place_key, row["effect"])
    for holder in before.get("holders", ()):
        history.windows[holder["user_id"]][role_id] = window_of(holder)
    for child_id in before.get("children", ()):
        if child_id in history.roles:
            child = history.roles[child_id]
            history.roles[child_id] = child._replace(parents=(role_id, *child.parents))
