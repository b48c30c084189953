"""Random communities as plain rows, with everything in them that the rules speak of.

Rows are dicts with the columns of the tables. They hold what the API refuses to write, too:
cycles, parents in other servers, granted default roles, global permissions in server roles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

NOW = 1_800_000_000.0  # epoch seconds
MOMENTS = (NOW - 60, NOW, NOW + 60, NOW + 120)

# Name to scope; a permission's id is its index + 1, its bit is ten times that.
PERMISSIONS = {
    "channel.read": "channel",
    "message.read_history": "channel",
    "message.send": "channel",
    "server.administrator": "server",
    "member.kick": "server",
    "platform.view": "global",
}
NAMES = tuple(PERMISSIONS)
EVERYONE = "@everyone"

Row = dict[str, Any]


@dataclass
class Rows:
    """One community: a list of rows for each table."""

    users: list[Row] = field(default_factory=list)
    servers: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    categories: list[Row] = field(default_factory=list)
    channels: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    group_members: list[Row] = field(default_factory=list)
    grants: list[Row] = field(default_factory=list)
    group_grants: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    overwrites: list[Row] = field(default_factory=list)

    def places(self) -> list[tuple[str, int | None]]:
        """All places that can be asked about."""
        servers = [("server", server["id"]) for server in self.servers]
        channels = [("channel", channel["id"]) for channel in self.channels]
        return [("global", None), *servers, *channels]


def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


USERS, SERVERS, CATEGORIES, CHANNELS, ROLES, GROUPS = (
    range(1, 4),
    range(1, 3),
    range(1, 3),
    range(1, 4),
    range(1, 9),
    range(1, 3),
)
# Roles 1 and 2 are the default roles of servers 1 and 2.
DEFAULT_ROLES = {1: 1, 2: 2}

rarely = st.sampled_from((False, False, False, False, True))
mostly = st.sampled_from((True, True, True, True, False))
some_moment = st.sampled_from((None, None, *MOMENTS))
names = st.sampled_from((*NAMES, "channel.read", "message.send"))
effects = st.sampled_from(("allow", "allow", "deny"))
# Where a grant counts: (server, channel).
grant_scopes = st.sampled_from(
    (
        (None, None),
        (None, None),
        *((server, None) for server in SERVERS),
        *((None, channel) for channel in CHANNELS),
    )
)
# Where an overwrite is: (channel, category); whom it is about: (role, user).
overwrite_places = st.sampled_from(
    (*((channel, None) for channel in CHANNELS), *((None, category) for category in CATEGORIES))
)
overwrite_targets = st.sampled_from(
    (*((role, None) for role in ROLES), *((None, user) for user in USERS))
)


def keyed(
    keys: st.SearchStrategy[Any], values: st.SearchStrategy[Any], size: int
) -> st.SearchStrategy[dict[Any, Any]]:
    """Up to ``size`` rows, no two with the same unique key."""
    return st.dictionaries(keys, values, max_size=size)


users = st.tuples(rarely, rarely)
home = st.sampled_from((1, 1, 1, 2))
memberships = keyed(
    st.tuples(st.sampled_from(SERVERS), st.sampled_from(USERS)), st.tuples(rarely, some_moment), 6
)
channels = st.tuples(home, st.sampled_from((None, *CATEGORIES)), st.booleans())
# Server, parent, active.
roles = st.tuples(st.sampled_from((None, 1, 1, 2)), st.sampled_from((None, None, *ROLES)), mostly)
grants = keyed(st.tuples(st.sampled_from(ROLES), names, grant_scopes), effects, 14)
groups = st.lists(st.frozensets(names, max_size=3), min_size=2, max_size=2)
group_grants = keyed(
    st.tuples(st.sampled_from(ROLES), st.sampled_from(GROUPS), grant_scopes), effects, 3
)
assignments = keyed(
    st.tuples(st.sampled_from(USERS), st.sampled_from(ROLES)),
    st.tuples(some_moment, some_moment),
    8,
)
overwrites = keyed(st.tuples(overwrite_places, overwrite_targets, names), effects, 10)


@st.composite
def communities(draw: st.DrawFn) -> Rows:
    """Three people, two servers, three channels, eight roles, and what binds them."""
    rows = Rows()
    for user_id in USERS:
        disabled, super_admin = draw(users)
        rows.users.append({"id": user_id, "disabled": disabled, "super_admin": super_admin})
    for server_id in SERVERS:
        rows.servers.append({"id": server_id, "owner_id": draw(st.sampled_from(USERS))})
    for (server_id, user_id), (banned, until) in draw(memberships).items():
        rows.members.append(
            {
                "server_id": server_id,
                "user_id": user_id,
                "banned": banned,
                "timeout_until": moment(until),
            }
        )
    for category_id in CATEGORIES:
        rows.categories.append({"id": category_id, "server_id": draw(home)})
    for channel_id in CHANNELS:
        server_id, category_id, synced = draw(channels)
        rows.channels.append(
            {
                "id": channel_id,
                "server_id": server_id,
                "category_id": category_id,
                "synced": synced,
            }
        )
    _draw_roles(draw, rows)
    for ((channel, category), (role, user), name), effect in draw(overwrites).items():
        rows.overwrites.append(
            {
                "channel_id": channel,
                "category_id": category,
                "role_id": role,
                "user_id": user,
                "permission": name,
                "effect": effect,
            }
        )
    return rows


def _draw_roles(draw: st.DrawFn, rows: Rows) -> None:
    for role_id in ROLES:
        server_id, parent_id, active = draw(roles)
        is_default = role_id in DEFAULT_ROLES
        rows.roles.append(
            {
                "id": role_id,
                "server_id": DEFAULT_ROLES.get(role_id, server_id),
                "name": EVERYONE if is_default else f"role {role_id}",
                "parent_id": parent_id,
                "active": active,
                "is_default": is_default,
            }
        )
    for group_id, members in zip(GROUPS, draw(groups), strict=True):
        rows.groups.append({"id": group_id})
        rows.group_members += [{"group_id": group_id, "permission": name} for name in members]
    for (role_id, name, (server, channel)), effect in draw(grants).items():
        rows.grants.append(
            {
                "role_id": role_id,
                "permission": name,
                "server_id": server,
                "channel_id": channel,
                "effect": effect,
            }
        )
    for (role_id, group_id, (server, channel)), effect in draw(group_grants).items():
        rows.group_grants.append(
            {
                "role_id": role_id,
                "group_id": group_id,
                "server_id": server,
                "channel_id": channel,
                "effect": effect,
            }
        )
    for (user_id, role_id), (start, end) in draw(assignments).items():
        rows.assignments.append(
            {
                "user_id": user_id,
                "role_id": role_id,
                "valid_from": moment(start),
                "valid_until": moment(end),
            }
        )
