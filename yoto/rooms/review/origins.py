"""The times at which grants, overwrites, ownership and so on began.

They are read from the rows, else from the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from yoto.permission.audited import after_of, before_of, owner_of, subject_id, target_of, window_of
from yoto.permission.database.statements import audit, grants, group_grants, id_array, ids_in, roles
from yoto.permission.explain.facts import ExplanationFacts, GrantRow
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.verdict.facts import NOWHERE

OF_ROLES = ids_in("ids")
NEEDED = ("at", "action", "subject", "before", "after")
ACTIONS = (
    "channel.create",
    "channel.move",
    "channel.sync",
    "channel.unsync",
    "group.create",
    "group.update",
    "overwrite.set",
    "overwrite.clear",
    "role.assign",
    "role.grant",
    "role.update",
    "server.create",
    "server.transfer",
    "user.create",
    "user.update",
)


@dataclass(slots=True)
class Origins:
    """The times at which things began; a missing one is unknown.

    Attributes:
        direct, grouped: grants by role, permission or group, and scope.
        groups: by group and permission, when it got it.
        roles: by role, when it was last switched on or given its parent, or was made.
        overwrites: by node and target, when the one in force that allows the permission was set.
        synced: when the channel came to go by its category.
        held: by subject, role and node, when a lapsed assignment was renewed.
        owner: when the owner became it.
        super_admin: by user.
    """

    direct: dict[tuple[int, int, str], datetime] = field(default_factory=dict)
    grouped: dict[tuple[int, int, str], datetime] = field(default_factory=dict)
    groups: dict[tuple[int, int], datetime] = field(default_factory=dict)
    roles: dict[int, datetime] = field(default_factory=dict)
    overwrites: dict[tuple[str, str], datetime] = field(default_factory=dict)
    synced: datetime | None = None
    held: dict[tuple[str, int, str], datetime] = field(default_factory=dict)
    owner: datetime | None = None
    super_admin: dict[int, datetime] = field(default_factory=dict)

    def of_grant(self, row: GrantRow) -> datetime | None:
        """When the grant began to give the permission."""
        if row.group_id is None:
            return self.direct.get((row.role_id, row.permission_id, row.scope))
        granted = self.grouped.get((row.role_id, row.group_id, row.scope))
        inside = self.groups.get((row.group_id, row.permission_id))
        return None if granted is None or inside is None else max(granted, inside)

    def of_overwrite(self, facts: ExplanationFacts, target: str, place: str) -> datetime | None:
        """When the target's overwrite began to allow the permission there."""
        since = self.overwrites.get((place, target))
        if place in facts.site.nodes:
            return since
        return None if since is None or self.synced is None else max(since, self.synced)


def load_origins(
    connection: Connection,
    facts: ExplanationFacts,
    permissions: Sequence[RegisteredPermission],
    holders: Iterable[str],
) -> Origins:
    """Read the origins of everything in ``facts``, shared by the users of one place.

    Args:
        permissions: the one under review first, then those that imply it.
        holders: the users, and all other holders, as the table of assignments has them.
    """
    found = Origins()
    _read_rows(connection, found, {"ids": id_array(facts.roles)})
    ids = {permission.name: permission.id for permission in permissions}
    for record in _records(connection, facts, holders):
        match record.action.partition("."):
            case ("channel", _, _):
                _read_channel(found, record, facts)
            case ("group", _, _):
                _read_group(found, record, ids)
            case ("overwrite", _, _):
                _read_overwrite(found, record, facts, permissions[0].name)
            case ("role", _, _):
                _read_role(found, record, facts, ids)
            case ("server", _, _):
                found.owner = record.at
            case ("user", _, _):
                if after_of(record).get("super_admin"):
                    found.super_admin[subject_id(record)] = record.at
    return found


def _read_rows(connection: Connection, found: Origins, ids: Mapping[str, str]) -> None:
    created = select(roles.c.id, roles.c.created_at).where(roles.c.id.in_(OF_ROLES))
    for role_id, created_at in connection.execute(created, ids):
        found.roles[role_id] = created_at
    direct = (grants.c.role_id, grants.c.permission_id, grants.c.scope_key, grants.c.created_at)
    for *key, created_at in connection.execute(
        select(*direct).where(grants.c.role_id.in_(OF_ROLES)), ids
    ):
        found.direct[key[0], key[1], key[2]] = created_at
    grouped = (
        group_grants.c.role_id,
        group_grants.c.group_id,
        group_grants.c.scope_key,
        group_grants.c.created_at,
    )
    for *key, created_at in connection.execute(
        select(*grouped).where(group_grants.c.role_id.in_(OF_ROLES)), ids
    ):
        found.grouped[key[0], key[1], key[2]] = created_at


def _records(
    connection: Connection, facts: ExplanationFacts, holders: Iterable[str]
) -> Sequence[Row[Any]]:
    """The audit records about these things, oldest first."""
    subjects = {*facts.site.nodes, *facts.site.overwritten}
    subjects |= {f"role:{role_id}" for role_id in facts.roles}
    subjects |= {f"group:{row.group_id}" for row in facts.grants if row.group_id is not None}
    subjects |= set(holders)
    return connection.execute(
        select(*(audit.c[name] for name in NEEDED))
        .where(audit.c.subject.in_(sorted(subjects)), audit.c.action.in_(ACTIONS))
        .order_by(audit.c.id)
    ).all()


def _read_channel(found: Origins, record: Row[Any], facts: ExplanationFacts) -> None:
    """Read a change of sync, which brings another set of overwrites into force."""
    if record.subject == str(facts.place):
        found.synced = record.at
        if facts.overwritten == str(facts.place):
            found.overwrites.clear()


def _read_overwrite(found: Origins, record: Row[Any], facts: ExplanationFacts, name: str) -> None:
    if record.subject not in facts.site.overwritten:
        return
    before, after = before_of(record), after_of(record)
    target = record.subject, target_of(after)
    if name not in after["allow"]:
        found.overwrites.pop(target, None)
    elif name not in before["allow"]:
        found.overwrites[target] = record.at


def _read_group(found: Origins, record: Row[Any], ids: Mapping[str, int]) -> None:
    after = after_of(record)
    for name in (*after.get("permissions", ()), *after.get("added", ())):
        if name in ids:
            found.groups[subject_id(record), ids[name]] = record.at


def _read_role(
    found: Origins, record: Row[Any], facts: ExplanationFacts, ids: Mapping[str, int]
) -> None:
    """Read the times that the rows lack: a changed row keeps its first time."""
    before, after = before_of(record), after_of(record)
    if record.action == "role.assign":
        if before and not _was_valid(before, record.at):
            node = after.get("node", NOWHERE)
            found.held[owner_of(record), after["role_id"], node] = record.at
        return
    role_id = subject_id(record)
    if record.action == "role.update":
        if after.get("active") or after.get("parent_id") is not None:
            found.roles[role_id] = record.at
        return
    if "group" in after:
        if (before["effect"], after["effect"]) == ("deny", "allow"):
            for group_id in _groups_called(facts, after["group"]):
                found.grouped[role_id, group_id, after["scope"]] = record.at
        return
    for name, effect in after["grants"].items():
        if name in ids and (before["grants"][name], effect) == ("deny", "allow"):
            found.direct[role_id, ids[name], after["scope"]] = record.at


def _was_valid(window: dict[str, Any], at: datetime) -> bool:
    start, end = window_of(window)
    now = at.timestamp()
    return (start is None or start <= now) and (end is None or now < end)


def _groups_called(facts: ExplanationFacts, name: str) -> Iterator[int]:
    for row in facts.grants:
        if row.group_id is not None and row.group == name:
            yield row.group_id
