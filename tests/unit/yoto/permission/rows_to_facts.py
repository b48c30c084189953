"""Facts for the resolver from random rows, as a loader without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.unit.yoto.permission.reference import matching, only
from tests.unit.yoto.permission.worlds import NAMES, PERMISSIONS, Row, Rows
from yoto.permission.registry.bits import KnownBits, mask_of
from yoto.permission.verdict.facts import Assignment, PlaceFacts, PlaceRules, RoleFacts, UserFacts

BIT = {name: 10 * index for index, name in enumerate(NAMES, 1)}
MASK = {name: 1 << bit for name, bit in BIT.items()}
BITS = KnownBits(
    every=mask_of(BIT.values()),
    local=mask_of(BIT[name] for name, scope in PERMISSIONS.items() if scope != "global"),
)
# The rules that the types of a community declare.
IN_SERVER = PlaceRules(
    remaining=MASK["channel.read"] | MASK["message.read_history"],
    administrator=MASK["server.administrator"],
)
IN_CHANNEL = replace(IN_SERVER, levels=(False,), gates=MASK["channel.read"])
RULES = {
    "global": PlaceRules(),
    "server": IN_SERVER,
    "channel": IN_CHANNEL,
    "category": IN_CHANNEL,
}


def names_in(mask: int) -> set[str]:
    found = {name for name in NAMES if mask & MASK[name]}
    assert mask == mask_of(BIT[name] for name in found), "bits that nobody registered"
    return found


def place_facts(rows: Rows, scope: str, scope_id: int | None) -> PlaceFacts:
    server, channel = server_and_channel(rows, scope, scope_id)
    server_id = server["id"] if server else None
    channel_id = channel["id"] if channel else None
    roles = {}
    for role in rows.roles:
        masks = {"allow": 0, "deny": 0, "local_allow": 0, "local_deny": 0}
        for name, effect, at_server, at_channel in grants_of(rows, role["id"]):
            if at_channel is not None:
                if at_channel == channel_id:
                    masks[f"local_{effect}"] |= MASK[name]
            elif at_server in (None, server_id):
                masks[effect] |= MASK[name]
        for row in overwrites_in(rows, channel):
            if row["role_id"] == role["id"]:
                masks[f"local_{row['effect']}"] |= MASK[row["permission"]]
        parents = () if role["parent_id"] is None else (role["parent_id"],)
        roles[role["id"]] = RoleFacts(
            role["server_id"], parents, role["active"], role["is_default"], **masks
        )
    return PlaceFacts(server_id, server["owner_id"] if server else None, roles, RULES[scope])


def user_facts(rows: Rows, user_id: int, scope: str, scope_id: int | None) -> UserFacts:
    user = only(rows.users, id=user_id)
    if user is None:
        return UserFacts(user_id, exists=False)
    server, channel = server_and_channel(rows, scope, scope_id)
    member = only(rows.members, server_id=server["id"], user_id=user_id) if server else None
    own = {"allow": 0, "deny": 0}
    for row in overwrites_in(rows, channel):
        if row["user_id"] == user_id:
            own[row["effect"]] |= MASK[row["permission"]]
    return UserFacts(
        user_id,
        disabled=user["disabled"],
        super_admin=user["super_admin"],
        member=member is not None and not member["banned"],
        timeout_until=seconds(member["timeout_until"]) if member else None,
        assignments=tuple(
            Assignment(row["role_id"], seconds(row["valid_from"]), seconds(row["valid_until"]))
            for row in matching(rows.assignments, user_id=user_id)
        ),
        own_allow=own["allow"],
        own_deny=own["deny"],
    )


def server_and_channel(
    rows: Rows, scope: str, scope_id: int | None
) -> tuple[Row | None, Row | None]:
    if scope == "channel":
        channel = only(rows.channels, id=scope_id)
        assert channel is not None
        return only(rows.servers, id=channel["server_id"]), channel
    return (only(rows.servers, id=scope_id), None) if scope == "server" else (None, None)


def grants_of(rows: Rows, role_id: int) -> list[tuple[str, str, int | None, int | None]]:
    """Name, effect, server, channel of each grant, those through groups included."""
    found = [(row, [row["permission"]]) for row in matching(rows.grants, role_id=role_id)]
    for row in matching(rows.group_grants, role_id=role_id):
        inside = matching(rows.group_members, group_id=row["group_id"])
        found.append((row, [entry["permission"] for entry in inside]))
    return [
        (name, row["effect"], row["server_id"], row["channel_id"])
        for row, names in found
        for name in names
    ]


def overwrites_in(rows: Rows, channel: Row | None) -> list[Row]:
    if channel is None:
        return []
    if channel["synced"] and channel["category_id"] is not None:
        return matching(rows.overwrites, category_id=channel["category_id"])
    return matching(rows.overwrites, channel_id=channel["id"])


def seconds(when: datetime | None) -> float | None:
    return None if when is None else when.timestamp()
