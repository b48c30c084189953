"""docs/verdicts.md a second time: slow, literal, with sets of names, straight from the rows.

It shares no code with the resolver, and nothing here is clever. Where it and the resolver differ,
one of them is wrong.
"""

from __future__ import annotations

from tests.unit.yoto.permission.worlds import NAMES, NOW, PERMISSIONS, Row, Rows

LOCAL = {name for name, scope in PERMISSIONS.items() if scope != "global"}
GLOBAL_ONLY = set(NAMES) - LOCAL


class Reference:
    """Verdicts on one community."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def effective(
        self, user_id: int, scope: str, scope_id: int | None, now: float = NOW
    ) -> set[str]:
        """The names that the user has in the place at ``now``."""
        user = only(self.rows.users, id=user_id)
        # 1
        if user is None or user["disabled"]:
            return set()
        if user["super_admin"]:
            return set(NAMES)
        channel = only(self.rows.channels, id=scope_id) if scope == "channel" else None
        if scope == "server":
            server = only(self.rows.servers, id=scope_id)
        elif channel is not None:
            server = only(self.rows.servers, id=channel["server_id"])
        else:
            server = None

        # 2
        roles = self.roles(user, server, now)
        # 3
        base = self.granted(roles, "allow", server) - self.granted(roles, "deny", server)
        if server is None:
            return base
        # 4
        if server["owner_id"] == user_id or "server.administrator" in base:
            return base | LOCAL
        # 5
        mask = base
        if channel is not None:
            mask = self.after_overwrites(mask, user, roles, server, channel)
        # 6
        if channel is not None and "channel.read" not in mask:
            return set()
        if self.in_timeout(user, server, now):
            mask = mask & {"channel.read", "message.read_history"}
        return mask

    def is_member(self, user: Row, server: Row) -> bool:
        if server["owner_id"] == user["id"]:
            return True
        row = only(self.rows.members, server_id=server["id"], user_id=user["id"])
        return row is not None and not row["banned"]

    def in_timeout(self, user: Row, server: Row, now: float) -> bool:
        row = only(self.rows.members, server_id=server["id"], user_id=user["id"])
        if row is None or not self.is_member(user, server) or row["timeout_until"] is None:
            return False
        return bool(row["timeout_until"].timestamp() > now)

    def roles(self, user: Row, server: Row | None, now: float) -> list[Row]:
        """Step 2: assigned and valid, their ancestors, ``@everyone``."""
        found: list[Row] = []
        member = server is not None and self.is_member(user, server)
        for assignment in matching(self.rows.assignments, user_id=user["id"]):
            start, end = assignment["valid_from"], assignment["valid_until"]
            if start is not None and now < start.timestamp():
                continue
            if end is not None and now >= end.timestamp():
                continue
            role = only(self.rows.roles, id=assignment["role_id"])
            assert role is not None
            if role["is_default"]:
                continue
            if role["server_id"] is None or (
                member and server is not None and role["server_id"] == server["id"]
            ):
                found += self.with_ancestors(role, [])
        if member and server is not None:
            default = only(self.rows.roles, server_id=server["id"], is_default=True)
            if default is not None and default["active"]:
                found.append(default)
        unique = {role["id"]: role for role in found}
        return list(unique.values())

    def with_ancestors(self, role: Row, below: list[int]) -> list[Row]:
        if not role["active"] or role["id"] in below:
            return []
        parent = only(self.rows.roles, id=role["parent_id"])
        if parent is None or parent["is_default"]:
            return [role]
        if parent["server_id"] is not None and parent["server_id"] != role["server_id"]:
            return [role]
        return [role, *self.with_ancestors(parent, [*below, role["id"]])]

    def granted(self, roles: list[Row], effect: str, server: Row | None) -> set[str]:
        """Step 3: grants with scope global or the server's, direct and through groups."""
        scopes: list[tuple[int | None, int | None]] = [(None, None)]
        if server is not None:
            scopes.append((server["id"], None))
        found = set()
        for role in roles:
            names = self.grants_of(role, effect, scopes)
            found |= names if role["server_id"] is None else names - GLOBAL_ONLY
        return found

    def grants_of(
        self, role: Row, effect: str, scopes: list[tuple[int | None, int | None]]
    ) -> set[str]:
        names = set()
        for server_id, channel_id in scopes:
            where = {
                "role_id": role["id"],
                "effect": effect,
                "server_id": server_id,
                "channel_id": channel_id,
            }
            for grant in matching(self.rows.grants, **where):
                names.add(grant["permission"])
            for grant in matching(self.rows.group_grants, **where):
                for entry in matching(self.rows.group_members, group_id=grant["group_id"]):
                    names.add(entry["permission"])
        return names

    def after_overwrites(
        self, mask: set[str], user: Row, roles: list[Row], server: Row, channel: Row
    ) -> set[str]:
        """Step 5."""
        everyone = [role for role in roles if role["is_default"]]
        others = [role for role in roles if not role["is_default"]]
        for group in (everyone, others):
            allow, deny = set(), set()
            for role in group:
                allow |= self.local_effects(role, "allow", channel)
                deny |= self.local_effects(role, "deny", channel)
            mask = (mask - deny) | allow
        allow = self.overwrites_of("user_id", user["id"], "allow", channel)
        deny = self.overwrites_of("user_id", user["id"], "deny", channel)
        if not self.is_member(user, server):
            allow = set()
        return (mask - deny) | allow

    def local_effects(self, role: Row, effect: str, channel: Row) -> set[str]:
        grants = self.grants_of(role, effect, [(None, channel["id"])])
        return (grants - GLOBAL_ONLY) | self.overwrites_of("role_id", role["id"], effect, channel)

    def overwrites_of(self, column: str, target: int, effect: str, channel: Row) -> set[str]:
        if channel["synced"] and channel["category_id"] is not None:
            place = {"category_id": channel["category_id"]}
        else:
            place = {"channel_id": channel["id"]}
        where = {column: target, "effect": effect, **place}
        return {row["permission"] for row in matching(self.rows.overwrites, **where)} - GLOBAL_ONLY


def matching(rows: list[Row], **columns: object) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in columns.items())]


def only(rows: list[Row], **columns: object) -> Row | None:
    found = matching(rows, **columns)
    assert len(found) <= 1, f"{columns} is not unique"
    return found[0] if found else None
