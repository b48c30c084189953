"""Servers and channels are one case of trees: both second implementations say the same of them."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.support.trees.model import (
    GLOBAL,
    LOCAL,
    AssignmentRow,
    MembershipRow,
    NodeId,
    NodeRow,
    Person,
    PersonRow,
    RoleRow,
    RoleTarget,
    Type,
    Window,
    World,
)
from tests.support.trees.verdict import allowed
from tests.unit.yoto.permission.reference import Reference
from tests.unit.yoto.permission.worlds import MOMENTS, PERMISSIONS, USERS, Row, Rows, communities

TYPES = (
    Type(
        "server",
        members=True,
        owner=True,
        administrator="server.administrator",
        remaining=("channel.read", "message.read_history"),
    ),
    Type("category", ("server",)),
    Type("channel", ("server",), gate="channel.read", sync="category"),
)


@given(communities(), st.sampled_from(MOMENTS))
def test_a_community_is_a_tree_of_servers_and_channels(rows: Rows, now: float) -> None:
    rows.group_grants = []  # the reference on trees knows grants to roles alone
    reference, world = Reference(rows), tree(rows)
    for scope, scope_id in rows.places():
        node = None if scope_id is None else (scope, scope_id)
        for user_id in (*USERS, 99):
            expected = reference.effective(user_id, scope, scope_id, now)
            assert allowed(world, Person(user_id), node, now) == expected, (user_id, node)


def tree(rows: Rows) -> World:
    world = World(types={type_.name: type_ for type_ in TYPES})
    for name, scope in PERMISSIONS.items():
        world.permissions[name] = GLOBAL if scope == "global" else LOCAL
    for row in rows.users:
        world.people[row["id"]] = PersonRow(row["disabled"], row["super_admin"])
    for row in rows.servers:
        world.nodes["server", row["id"]] = NodeRow(owner=row["owner_id"])
    for row in rows.categories:
        world.nodes["category", row["id"]] = NodeRow(server(row))
    for row in rows.channels:
        category = row["category_id"] if row["synced"] else None
        sync = None if category is None else ("category", category)
        world.nodes["channel", row["id"]] = NodeRow(server(row), sync=sync)
    for row in rows.members:
        key = (("server", row["server_id"]), row["user_id"])
        world.memberships[key] = MembershipRow(row["banned"], seconds(row["timeout_until"]))
    for row in rows.roles:
        parents = [] if row["parent_id"] is None else [row["parent_id"]]
        world.roles[row["id"]] = RoleRow(server(row), row["active"], row["is_default"], parents)
    for row in rows.grants:
        world.grants[row["role_id"], row["permission"], scope_of(row)] = row["effect"]
    for row in rows.assignments:
        window = Window(seconds(row["valid_from"]), seconds(row["valid_until"]))
        world.assignments[Person(row["user_id"]), row["role_id"], None] = AssignmentRow(window)
    for row in rows.overwrites:
        is_role = row["user_id"] is None
        target = RoleTarget(row["role_id"]) if is_role else Person(row["user_id"])
        world.overwrites[scope_of(row), target, row["permission"]] = row["effect"]
    return world


def server(row: Row) -> NodeId | None:
    return None if row["server_id"] is None else ("server", row["server_id"])


def scope_of(row: Row) -> NodeId | None:
    """The channel, category or server that the row names, if it names one."""
    for type_ in ("channel", "category", "server"):
        if row.get(f"{type_}_id") is not None:
            return type_, row[f"{type_}_id"]
    return None


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
