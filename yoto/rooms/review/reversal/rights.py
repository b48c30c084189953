"""Takes back changes of roles and permission groups, their grants and their holders."""

from __future__ import annotations

from yoto.permission.audited import home_of, owner_of, window_of
from yoto.permission.loading.rows import RoleRow
from yoto.permission.verdict.facts import NOWHERE
from yoto.rooms.review.reversal.reversal import Reversal


def role_assigned(reversal: Reversal) -> None:
    """``role.assign`` and ``role.unassign``."""
    given = reversal.before or reversal.after
    window = window_of(reversal.before) if reversal.before else None
    node = given.get("node", NOWHERE)
    reversal.history.hold(owner_of(reversal.record), given["role_id"], node, window)


def role_granted(reversal: Reversal) -> None:
    """``role.grant`` and ``role.revoke``, of permissions or of a group."""
    before, history, scope = reversal.before, reversal.history, reversal.before["scope"]
    if "group" in before:
        group_id = history.group_names.get(before["group"])
        if group_id is None:
            reversal.note(f"group '{before['group']}' is not known by that name any more")
        else:
            reversal.set_effect(
                history.group_grants, (reversal.number, group_id, scope), before["effect"]
            )
        return
    for name, effect in before["grants"].items():
        for permission_id in reversal.ids([name]):
            reversal.set_effect(history.grants, (reversal.number, permission_id, scope), effect)


def role_created(reversal: Reversal) -> None:
    """The role had no holders, and granted nothing."""
    history, role_id = reversal.history, reversal.number
    history.roles.pop(role_id, None)
    for held in history.windows.values():
        for key in [key for key in held if key[0] == role_id]:
            del held[key]
    for whose in [whose for whose in history.sets if whose[1] == role_id]:
        del history.sets[whose]


def role_updated(reversal: Reversal) -> None:
    """A change of a role's parents, name, or activity."""
    role = reversal.history.roles.get(reversal.number)
    if role is None:
        return
    before, after = reversal.before, reversal.after
    fields = {key: value for key, value in before.items() if key in RoleRow._fields}
    if "parent_id" in before or "parent_id" in after:
        parents = list(role.parents)
        if after.get("parent_id") in parents:
            parents.remove(after["parent_id"])  # once: it may be first and further
        if before.get("parent_id") is not None:
            parents.append(before["parent_id"])
        fields["parents"] = tuple(parents)
    reversal.history.roles[role.id] = role._replace(**fields)


def role_deleted(reversal: Reversal) -> None:
    """The role comes back with its former grants and holders."""
    history, before, role_id = reversal.history, reversal.before, reversal.number
    home = before.get("home", home_of(reversal.record))
    above = (before["parent_id"], *before.get("parents", ()))
    parents = tuple(parent for parent in above if parent is not None)
    history.roles[role_id] = RoleRow(
        role_id, home, parents, before["active"], False, before["name"]
    )
    reversal.note_absent(
        *("grants", "group_grants", "overwrites", "holders", "assignments"),
        *("parents", "children"),
    )
    for grant in before.get("grants", ()):
        for permission_id in reversal.ids([grant["permission"]]):
            reversal.set_effect(
                history.grants, (role_id, permission_id, grant["scope"]), grant["effect"]
            )
    for grant in before.get("group_grants", ()):
        key = (role_id, grant["group_id"], grant["scope"])
        reversal.set_effect(history.group_grants, key, grant["effect"])
    reversal.restore_overwrites()
    for holder in before.get("holders", ()):
        history.hold(f"user:{holder['user_id']}", role_id, NOWHERE, window_of(holder))
    reversal.restore_assignments(role_id=role_id)
    for child_id in before.get("children", ()):
        if child_id in history.roles:
            child = history.roles[child_id]
            history.roles[child_id] = child._replace(parents=(role_id, *child.parents))


def group_created(reversal: Reversal) -> None:
    """The group was empty, and granted to no role."""
    reversal.history.groups.pop(reversal.number, None)


def group_updated(reversal: Reversal) -> None:
    """A change of a group's name or permissions."""
    inside = reversal.history.groups.setdefault(reversal.number, set())
    inside -= reversal.ids(reversal.after.get("added", ()))
    inside |= reversal.ids(reversal.before.get("removed", ()))
    if "name" in reversal.before:
        reversal.history.group_names[reversal.before["name"]] = reversal.number


def group_deleted(reversal: Reversal) -> None:
    """The group comes back to the roles that had it."""
    history, before, group_id = reversal.history, reversal.before, reversal.number
    history.groups[group_id] = reversal.ids(before["permissions"])
    history.group_names[before["name"]] = group_id
    reversal.note_absent("group_grants")
    for grant in before.get("group_grants", ()):
        key = (grant["role_id"], group_id, grant["scope"])
        reversal.set_effect(history.group_grants, key, grant["effect"])
