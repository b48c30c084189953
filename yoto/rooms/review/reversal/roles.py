"""Reversal of changes of roles, their grants and their holders."""

from __future__ import annotations

from yoto.permission.audited import (
    Record,
    after_of,
    before_of,
    home_of,
    owner_of,
    subject_id,
    window_of,
)
from yoto.permission.loading.rows import RoleRow
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.verdict.facts import NOWHERE
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal.values import (
    hold_again,
    ids_of,
    note,
    note_absent,
    overwrite_again,
    set_effect,
)

PARTS_OF_ROLE = (
    *("grants", "group_grants", "overwrites", "holders", "assignments"),
    *("parents", "children"),
)


def assigned(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo ``role.assign`` and ``role.unassign``."""
    before = before_of(record)
    given = before or after_of(record)
    window = window_of(before) if before else None
    history.hold(owner_of(record), given["role_id"], given.get("node", NOWHERE), window)


def granted(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo ``role.grant`` and ``role.revoke``, of permissions or of a group."""
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
    """Undo a creation: the role had no holders, and granted nothing."""
    role_id = subject_id(record)
    history.roles.pop(role_id, None)
    for held in history.windows.values():
        for key in [key for key in held if key[0] == role_id]:
            del held[key]
    for one in [one for one in history.sets if one[1] == role_id]:
        del history.sets[one]


def updated(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a change of a role's parents, name, or activity."""
    role = history.roles.get(subject_id(record))
    if role is not None:
        before, after = before_of(record), after_of(record)
        fields = {key: value for key, value in before.items() if key in RoleRow._fields}
        if "parent_id" in before or "parent_id" in after:
            parents = list(role.parents)
            if after.get("parent_id") in parents:
                parents.remove(after["parent_id"])  # once: it may be first and further
            if before.get("parent_id") is not None:
                parents.append(before["parent_id"])
            fields["parents"] = tuple(parents)
        history.roles[role.id] = role._replace(**fields)


def deleted(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a deletion: the role comes back with its former grants and holders."""
    before, role_id = before_of(record), subject_id(record)
    history.roles[role_id] = RoleRow(
        role_id,
        before.get("home", home_of(record)),
        tuple(one for one in (before["parent_id"], *before.get("parents", ())) if one is not None),
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
    overwrite_again(history, before, record.subject, registry)
    for holder in before.get("holders", ()):
        history.hold(f"user:{holder['user_id']}", role_id, NOWHERE, window_of(holder))
    hold_again(
        history,
        {"assignments": [held | {"role_id": role_id} for held in before.get("assignments", ())]},
    )
    for child_id in before.get("children", ()):
        if child_id in history.roles:
            child = history.roles[child_id]
            history.roles[child_id] = child._replace(parents=(role_id, *child.parents))
