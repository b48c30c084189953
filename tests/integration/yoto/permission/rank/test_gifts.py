"""Nobody gains what the actor of a write lacks: random writes, all places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.stored import permission_ids, store
from tests.support.examples import some_of
from tests.unit.yoto.permission.worlds import (
    CATEGORIES,
    CHANNELS,
    DEFAULT_ROLES,
    EVERYONE,
    GROUPS,
    NAMES,
    NOW,
    Row,
    Rows,
)
from yoto.errors import PlatformError
from yoto.store.db import db

ACTOR, OTHERS, SERVER = 1, (2, 3), 1
GLOBAL_ROLES, SERVER_ROLES = (3, 4), (5, 6, 7, 8)
ROLES = (*GLOBAL_ROLES, *SERVER_ROLES)
# The actor's own highest role: a global one, and one of the server.
TOP = {None: 90, SERVER: 91}
SCOPES = ((None, None), ("server", SERVER), *(("channel", channel) for channel in CHANNELS))
WRITES_IN_EACH = 40

Write = Callable[[], Any]


def crowded(chance: Random) -> Rows:
    """A server where most writes change something for somebody, and an actor who ranks above it."""
    rows = Rows()
    rows.users += [
        {"id": id_, "disabled": False, "super_admin": False} for id_ in (ACTOR, *OTHERS, 4)
    ]
    rows.servers.append({"id": SERVER, "owner_id": 4})
    rows.members += [
        {"server_id": SERVER, "user_id": id_, "banned": False, "timeout_until": None}
        for id_ in (ACTOR, *OTHERS)
    ]
    rows.categories += [{"id": id_, "server_id": SERVER} for id_ in CATEGORIES]
    for id_ in CHANNELS:
        category_id, synced = chance.choice((None, *CATEGORIES)), chance.random() < 0.5
        rows.channels.append(
            {"id": id_, "server_id": SERVER, "category_id": category_id, "synced": synced}
        )
    add_roles(rows, chance)
    for id_ in GROUPS:
        rows.groups.append({"id": id_})
        rows.group_members += [
            {"group_id": id_, "permission": name} for name in chance.sample(NAMES[:5], 2)
        ]
    for _ in range(14):
        add_grant(rows.grants, {"permission": chance.choice(NAMES[:5])}, chance)
    for _ in range(5):
        add_grant(rows.group_grants, {"group_id": chance.choice(GROUPS)}, chance)
    for _ in range(12):
        add_overwrite(rows, chance)
    for user_id in OTHERS:
        rows.assignments += [held(user_id, id_) for id_ in chance.sample(ROLES, 3)]
    return rows


def add_roles(rows: Rows, chance: Random) -> None:
    def add(id_: int, server_id: int | None, **columns: Any) -> None:
        shape: Row = {"id": id_, "server_id": server_id, "name": f"role {id_}", "position": id_}
        shape |= {"parent_id": None, "active": True, "is_default": False}
        rows.roles.append(shape | columns)

    add(DEFAULT_ROLES[SERVER], SERVER, name=EVERYONE, is_default=True, position=0)
    for id_ in ROLES:
        home = None if id_ in GLOBAL_ROLES else SERVER
        # Parents come before children, so that there is no cycle.
        parents = [other for other in ROLES if other < id_ and (home or other in GLOBAL_ROLES)]
        parent_id = chance.choice((None, *parents))
        add(id_, home, parent_id=parent_id, active=chance.random() < 0.7)
    for home, id_ in TOP.items():
        add(id_, home, position=100)
        rows.assignments.append(held(ACTOR, id_))
        # Without server.administrator, which has all that could be given.
        for name in chance.sample((*NAMES[:3], *NAMES[4:]), chance.randrange(3)):
            rows.grants.append(grant_row(id_, "allow", None, None) | {"permission": name})


def held(user_id: int, role_id: int) -> Row:
    return {"user_id": user_id, "role_id": role_id, "valid_from": None, "valid_until": None}


def grant_row(role_id: int, effect: str, server_id: int | None, channel_id: int | None) -> Row:
    return {
        "role_id": role_id,
        "effect": effect,
        "server_id": server_id,
        "channel_id": channel_id,
    }


def add_grant(rows: list[Row], what: Row, chance: Random) -> None:
    kind, id_ = chance.choice(SCOPES)
    row = grant_row(
        chance.choice((*ROLES, DEFAULT_ROLES[SERVER])),
        chance.choice(("allow", "deny")),
        id_ if kind == "server" else None,
        id_ if kind == "channel" else None,
    )
    key = ("role_id", "server_id", "channel_id", *what)
    if all(tuple(other[k] for k in key) != tuple((row | what)[k] for k in key) for other in rows):
        rows.append(row | what)


def add_overwrite(rows: Rows, chance: Random) -> None:
    place = chance.choice(
        (*((id_, None) for id_ in CHANNELS), *((None, id_) for id_ in CATEGORIES))
    )
    target = chance.choice((*((id_, None) for id_ in ROLES), *((None, id_) for id_ in OTHERS)))
    names = ("channel_id", "category_id", "role_id", "user_id", "permission")
    row = dict(zip(names, (*place, *target, chance.choice(NAMES[:5])), strict=True))
    if all({name: other[name] for name in names} != row for other in rows.overwrites):
        rows.overwrites.append(row | {"effect": chance.choice(("allow", "deny"))})


def some_write(rows: Rows, chance: Random) -> tuple[str, Write]:
    """Its name, and one write by the actor that is not committed."""
    old = chance.choice([row for row in rows.grants if row["role_id"] in ROLES])
    old_scope = ("channel", old["channel_id"]) if old["channel_id"] else (None, None)
    if old["server_id"]:
        old_scope = ("server", old["server_id"])
    who: dict[str, Any] = {"actor_id": ACTOR, "commit": False}
    role, parent = chance.choice((*ROLES, DEFAULT_ROLES[SERVER])), chance.choice((None, *ROLES))
    user, group = chance.choice(OTHERS), chance.choice(GROUPS)
    names, scope = chance.sample(NAMES[:5], chance.choice((1, 2))), chance.choice(SCOPES)
    effect = chance.choice(("allow", "allow", "deny"))
    target = chance.choice(({"role_id": role}, {"user_id": user}))
    at = chance.choice(
        (("channel", chance.choice(CHANNELS)), ("category", chance.choice(CATEGORIES)))
    )
    if chance.random() < 0.5:
        row = chance.choice(rows.overwrites)
        [at] = [(one, id_) for one in ("channel", "category") if (id_ := row[f"{one}_id"])]
        target = {name: row[name] for name in ("role_id", "user_id")}
    lists = chance.choice(((names, []), ([], names), ([], []), (names[:1], names[1:])))
    p = permissions
    table: dict[str, Write] = {
        "grant": lambda: p.assign_permissions_to_role(role, names, *scope, effect, **who),
        "revoke": lambda: p.revoke_permissions_from_role(
            old["role_id"], [old["permission"]], *old_scope, **who
        ),
        "assign": lambda: p.assign_roles_to_user(user, [role], **who),
        "unassign": lambda: p.revoke_roles_from_user(user, [role], **who),
        "parent": lambda: p.update_role(role, parent=parent, **who),
        "activate": lambda: p.update_role(role, active=True, **who),
        "deactivate": lambda: p.update_role(role, active=False, **who),
        "both": lambda: p.update_role(role, active=True, parent=parent, **who),
        "delete": lambda: p.delete_role(role, **who),
        "fill group": lambda: p.assign_permission_to_group(group, names, **who),
        "empty group": lambda: p.remove_permission_from_group(group, names[:1], **who),
        "grant group": lambda: p.assign_group_to_role(group, role, *scope, effect, **who),
        "revoke group": lambda: p.remove_group_from_role(group, role, *scope, **who),
        "delete group": lambda: p.delete_group(group, **who),
        "overwrite": lambda: p.set_overwrite(at=at, **target, allow=lists[0], deny=lists[1], **who),
        "clear": lambda: p.clear_overwrite(at=at, **target, **who),
    }
    kind = chance.choice(sorted(table))
    return kind, table[kind]


def rights(rows: Rows) -> dict[tuple[int, str, int | None], tuple[int, int]]:
    """For each person and place the mask, and the mask before the implicit rules of step 6."""
    found = {}
    for user_id in (ACTOR, *OTHERS):
        for scope, scope_id in rows.places():
            resolution = permissions.effective(user_id, scope, scope_id)
            found[user_id, scope, scope_id] = resolution.mask, resolution.shaped
    return found


@pytest.mark.parametrize("seed", some_of(range(20), 5))
def test_no_write_gives_anybody_what_its_actor_lacks(app: Flask, clock: Clock, seed: int) -> None:
    clock.now = NOW
    chance = Random(seed)
    rows = crowded(chance)
    outcomes: Counter[str] = Counter()
    with app.app_context():
        store(rows, permission_ids())
        before = rights(rows)
        for number in range(WRITES_IN_EACH):
            kind, write = some_write(rows, chance)
            attempt = db.session.begin_nested()
            try:
                write()
            except PlatformError as refused:
                outcomes[type(refused).__name__] += 1
            else:
                outcomes["done"] += 1
                for (user_id, scope, scope_id), (_, after) in rights(rows).items():
                    gained = after & ~before[user_id, scope, scope_id][1]
                    has = before[ACTOR, scope, scope_id][0] | before[ACTOR, "global", None][0]
                    if scope == "channel":
                        has |= before[ACTOR, "server", SERVER][0]
                    assert not gained & ~has, (number, kind, user_id, scope, scope_id)
            finally:
                attempt.rollback()
        db.session.rollback()
    assert outcomes["done"], outcomes
