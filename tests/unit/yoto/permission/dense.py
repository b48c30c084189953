"""Random communities in which rules meet: small, crowded, and made fast from a number.

``worlds.communities`` draws everything that can be written, which is mostly silence. Here nearly
every channel has overwrites, grants and windows about the same few permissions.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.unit.yoto.permission.worlds import DEFAULT_ROLES, EVERYONE, MOMENTS, NAMES, Rows, moment

USERS, SERVERS, CATEGORIES, CHANNELS, ROLES, GROUPS = (
    range(1, 5),
    range(1, 3),
    range(1, 4),
    range(1, 8),
    range(1, 11),
    range(1, 3),
)
# Names as often as they matter; an administrator skips most rules.
WEIGHTS = {"server.administrator": 1, "platform.view": 2, "member.kick": 3}


def dense_community(seed: int) -> Rows:
    """Four people, two servers, seven channels, ten roles."""
    random = Random(seed)
    rows = Rows()
    for user_id in USERS:
        rows.users.append(
            {
                "id": user_id,
                "disabled": random.random() < 0.05,
                "super_admin": random.random() < 0.05,
            }
        )
    for server_id in SERVERS:
        rows.servers.append({"id": server_id, "owner_id": random.choice(USERS)})
        for user_id in USERS:
            if random.random() < 0.6:
                until = random.choice(MOMENTS) if random.random() < 0.3 else None
                rows.members.append(
                    {
                        "server_id": server_id,
                        "user_id": user_id,
                        "banned": random.random() < 0.2,
                        "timeout_until": moment(until),
                    }
                )
    for category_id in CATEGORIES:
        rows.categories.append({"id": category_id, "server_id": random.choice(SERVERS)})
    for channel_id in CHANNELS:
        server_id = random.choice(SERVERS)
        near = [row["id"] for row in rows.categories if row["server_id"] == server_id]
        rows.channels.append(
            {
                "id": channel_id,
                "server_id": server_id,
                "category_id": random.choice((None, *near)),
                "synced": random.random() < 0.5,
            }
        )
    _fill_roles(random, rows)
    _fill_overwrites(random, rows)
    return rows


def _name(random: Random) -> str:
    return random.choices(NAMES, [WEIGHTS.get(name, 6) for name in NAMES])[0]


def _effect(random: Random) -> str:
    return random.choice(("allow", "allow", "deny"))


def _scope(random: Random) -> tuple[int | None, int | None]:
    """Server and channel of a grant."""
    kind = random.random()
    if kind < 0.4:
        return None, None
    if kind < 0.7:
        return random.choice(SERVERS), None
    return None, random.choice(CHANNELS)


def _fill_roles(random: Random, rows: Rows) -> None:
    for role_id in ROLES:
        is_default = role_id in DEFAULT_ROLES
        home = random.choice((None, None, 1, 1, 2, 2))
        rows.roles.append(
            {
                "id": role_id,
                "server_id": DEFAULT_ROLES.get(role_id, home),
                "name": EVERYONE if is_default else f"role {role_id}",
                "parent_id": random.choice((None, *ROLES)) if random.random() < 0.7 else None,
                "active": random.random() < 0.85,
                "is_default": is_default,
            }
        )
    for group_id in GROUPS:
        rows.groups.append({"id": group_id})
        rows.group_members += [
            {"group_id": group_id, "permission": name}
            for name in sorted({_name(random) for _ in range(2)})
        ]
    found: dict[Any, Any] = {}
    for _ in range(24):
        found[random.choice(ROLES), _name(random), _scope(random)] = _effect(random)
    for (role_id, name, (server, channel)), effect in found.items():
        rows.grants.append(
            {
                "role_id": role_id,
                "permission": name,
                "server_id": server,
                "channel_id": channel,
                "effect": effect,
            }
        )
    found = {}
    for _ in range(4):
        found[random.choice(ROLES), random.choice(GROUPS), _scope(random)] = _effect(random)
    for (role_id, group_id, (server, channel)), effect in found.items():
        rows.group_grants.append(
            {
                "role_id": role_id,
                "group_id": group_id,
                "server_id": server,
                "channel_id": channel,
                "effect": effect,
            }
        )
    held = {(random.choice(USERS), random.choice(ROLES)) for _ in range(12)}
    for user_id, role_id in sorted(held):
        start, end = (random.choice(MOMENTS) if random.random() < 0.3 else None for _ in range(2))
        rows.assignments.append(
            {
                "user_id": user_id,
                "role_id": role_id,
                "valid_from": moment(start),
                "valid_until": moment(end),
            }
        )


def _fill_overwrites(random: Random, rows: Rows) -> None:
    found: dict[Any, str] = {}
    for _ in range(36):
        in_channel = random.random() < 0.6
        place = (random.choice(CHANNELS), None) if in_channel else (None, random.choice(CATEGORIES))
        to_role = random.random() < 0.7
        target = (random.choice(ROLES), None) if to_role else (None, random.choice(USERS))
        found[place, target, _name(random)] = _effect(random)
    for ((channel, category), (role, user), name), effect in found.items():
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
