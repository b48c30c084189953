"""Takes back changes of roles and permission groups, their grants and their holders."""

from __future__ import annotations

from yoto.permission.audited import home_of, owner_of, window_of
from yoto.permission.loading.rows import RoleRow
from yoto.permission.verdict.facts import NOWHERE
from yoto.rooms.review.reversal.reversal import Reversal


def role_assigned(one: Reversal) -> None:
    """``role.assign`` and ``role.unassign``."""
    given = one.before or one.after
    window = window_of(one.before) if one.before else None
    node = given.get("node", NOWHERE)
    one.history.hold(owner_of(one.record), given["role_id"], node, window)


def role_granted(one: Reversal) -> None:
    """``role.grant`` and ``role.revoke``, of permissions or of a group."""
    before, history, scope = one.before, one.history, one.before["scope"]
    if "group" in before:
        group_id = history.group_names.get(before["group"])
        if group_id is None:
            one.note(f"group '{before['group']}' is not known by that name any more")
        else:
            one.set_effect(history.group_grants, (one.number, group_id, scope), before["effect"])
        return
    for name, effect in before["grants"].items():
        for permission_id in one.ids([name]):
            one.set_effect(history.grants, (one.number, permission_id, scope), effect)


def role_created(one: Reversal) -> None:
    """The role had no holders, and granted nothing."""
    history, role_id = one.history, one.number
    history.roles.pop(role_id, None)
    for held in history.windows.values():
        for key in [key for key in held if key[0] == role_id]:
            del held[key]
    for whose in [whose for whose in history.sets if whose[1] == role_id]:
        del history.sets[whose]


def role_updated(one: Reversal) -> None:
    """A change of a role's parents, name, or activity."""
    role = one.history.roles.get(one.number)
    if role is None:
        return
    before, after = one.before, one.after
    fields = {key: value for key, value in before.items() if key in RoleRow._fields}
    if "parent_id" in before or "parent_id" in after:
        parents = list(role.parents)
        if after.get("parent_id") in parents:
            parents.remove(after["parent_id"])  # once: it may be first and further
        if before.get("parent_id") is not None:
            parents.append(before["parent_id"])
        fields["parents"] = tuple(parents)
    one.history.roles[role.id] = role._replace(**fields)


def role_deleted(one: Reversal) -> None:
    """The role comes back with its former grants and holders."""
    history, before, role_id = one.history, one.before, one.number
    home = before.get("home", home_of(one.record))
    above = (before["parent_id"], *before.get("parents", ()))
    parents = tuple(parent for parent in above if parent is not None)
    history.roles[role_id] = RoleRow(
        role_id, home, parents, before["active"], False, before["name"]
    )
    one.note_absent(
        *("grants", "group_grants", "overwrites", "holders", "assignments"),
        *("parents", "children"),
    )
    for grant in before.get("grants", ()):
        for permission_id in one.ids([grant["permission"]]):
            one.set_effect(
                history.grants, (role_id, permission_id, grant["scope"]), grant["effect"]
            )
    for grant in before.get("group_grants", ()):
        key = (role_id, grant["group_id"], grant["scope"])
        one.set_effect(history.group_grants, key, grant["effect"])
    one.restore_overwrites()
    for holder in before.get("holders", ()):
        history.hold(f"user:{holder['user_id']}", role_id, NOWHERE, window_of(holder))
    one.restore_assignments(role_id=role_id)
    for child_id in before.get("children", ()):
        if child_id in history.roles:
            child = history.roles[child_id]
            history.roles[child_id] = child._replace(parents=(role_id, *child.parents))


def group_created(one: Reversal) -> None:
    """The group was empty, and granted to no role."""
    one.history.groups.pop(one.number, None)


def group_updated(one: Reversal) -> None:
    """A change of a group's name or permissions."""
    inside = one.history.groups.setdefault(one.number, set())
    inside -= one.ids(one.after.get("added", ()))
    inside |= one.ids(one.before.get("removed", ()))
    if "name" in one.before:
        one.history.group_names[one.before["name"]] = one.number


def group_deleted(one: Reversal) -> None:
    """The group comes back to the roles that had it."""
    history, before, group_id = one.history, one.before, one.number
    history.groups[group_id] = one.ids(before["permissions"])
    history.group_names[before["name"]] = group_id
    one.note_absent("group_grants")
    for grant in before.get("group_grants", ()):
        key = (grant["role_id"], group_id, grant["scope"])
        one.set_effect(history.group_grants, key, grant["effect"])
