"""Whatever an actor writes, nobody gains what the actor does not have: random writes, all places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from app.core.errors import PlatformError
from app.db import db
from app.extensions import permissions
from tests.integration.core.permission.conftest import Clock
from tests.integration.core.permission.stored import permission_ids, store
from tests.unit.core.permission.worlds import (
    CATEGORIES,
    CHANNELS,
    GROUPS,
    NOW,
    ROLES,
    SERVERS,
    USERS,
    Row,
    Rows,
    communities,
    names,
)

ACTOR, OTHERS = 1, (2, 3)
TOP = {None: 90, 1: 91, 2: 92}  # the actor's own highest role, globally and in each server
Write = Callable[[], Any]


def arrange(rows: Rows, granted: dict[int | None, frozenset[str]]) -> None:
    """Give the actor rank in every server, membership, and what ``granted`` says."""
    rows.users[0] |= {"disabled": False, "super_admin": False}
    for role in rows.roles:
        role["position"] = 0 if role["is_default"] else role["id"]
    others = [row for row in rows.members if row["user_id"] != ACTOR]
    rows.members[:] = others + [
        {"server_id": id_, "user_id": ACTOR, "banned": False, "timeout_until": None}
        for id_ in SERVERS
    ]
    for server_id, role_id in TOP.items():
        top: Row = {
            "id": role_id,
            "server_id": server_id,
            "name": "top",
            "parent_id": None,
            "active": True,
            "is_default": False,
            "position": 100,
        }
        rows.roles.append(top)
        rows.assignments.append(
            {"user_id": ACTOR, "role_id": role_id, "valid_from": None, "valid_until": None}
        )
        rows.grants += [
            {
                "role_id": role_id,
                "permission": name,
                "server_id": None,
                "channel_id": None,
                "effect": "allow",
            }
            for name in granted[server_id]
        ]


some_names = st.lists(names, min_size=1, max_size=2, unique=True)
granted = st.fixed_dictionaries({id_: st.frozensets(names, max_size=4) for id_ in TOP})


@st.composite
def writes(draw: st.DrawFn) -> tuple[str, Write]:
    """One write by the actor, not committed."""
    who: dict[str, Any] = {"actor_id": ACTOR, "commit": False}
    role, user = draw(st.sampled_from(ROLES)), draw(st.sampled_from(USERS))
    group, wanted = draw(st.sampled_from(GROUPS)), draw(some_names)
    scope = draw(
        st.sampled_from(
            (
                (None, None),
                *(("server", server) for server in SERVERS),
                *(("channel", channel) for channel in CHANNELS),
            )
        )
    )
    effect = draw(st.sampled_from(("allow", "deny")))
    target = draw(st.sampled_from(({"role_id": role}, {"user_id": user})))
    place = draw(
        st.sampled_from(
            (
                *({"channel_id": channel} for channel in CHANNELS),
                *({"category_id": category} for category in CATEGORIES),
            )
        )
    )
    lists = draw(st.sampled_from(((wanted, ()), ((), wanted), (wanted[:1], wanted[1:]))))
    parent = draw(st.sampled_from((None, *ROLES)))
    p = permissions
    table: dict[str, Write] = {
        "grant": lambda: p.assign_permissions_to_role(role, wanted, *scope, effect, **who),
        "revoke": lambda: p.revoke_permissions_from_role(role, wanted[:1], *scope, **who),
        "assign": lambda: p.assign_roles_to_user(user, [role], **who),
        "unassign": lambda: p.revoke_roles_from_user(user, [role], **who),
        "parent": lambda: p.update_role(role, parent=parent, **who),
        "activate": lambda: p.update_role(role, active=True, **who),
        "deactivate": lambda: p.update_role(role, active=False, **who),
        "both": lambda: p.update_role(role, active=True, parent=parent, **who),
        "delete": lambda: p.delete_role(role, **who),
        "fill group": lambda: p.assign_permission_to_group(group, wanted, **who),
        "empty group": lambda: p.remove_permission_from_group(group, wanted[:1], **who),
        "grant group": lambda: p.assign_group_to_role(group, role, *scope, effect, **who),
        "revoke group": lambda: p.remove_group_from_role(group, role, *scope, **who),
        "delete group": lambda: p.delete_group(group, **who),
        "overwrite": lambda: p.set_overwrite(
            **place, **target, allow=lists[0], deny=lists[1], **who
        ),
        "clear": lambda: p.clear_overwrite(**place, **target, **who),
    }
    kind = draw(st.sampled_from(sorted(table)))
    return kind, table[kind]


def rights(rows: Rows) -> dict[tuple[int, str, int | None], tuple[int, int]]:
    """For each user and place the mask, and the mask before the implicit rules of step 6."""
    found = {}
    for user_id in USERS:
        for scope, scope_id in rows.places():
            resolution = permissions.effective(user_id, scope, scope_id)
            found[user_id, scope, scope_id] = resolution.mask, resolution.shaped
    return found


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(communities(), granted, writes())
def test_no_write_gives_anybody_what_its_actor_lacks(
    app: Flask,
    clock: Clock,
    rows: Rows,
    granted: dict[int | None, frozenset[str]],
    writes: tuple[str, Write],
) -> None:
    clock.now = NOW
    arrange(rows, granted)
    kind, write = writes
    servers = {channel["id"]: channel["server_id"] for channel in rows.channels}
    with app.app_context():
        store(rows, permission_ids())
        before = rights(rows)
        try:
            write()
        except PlatformError as refused:
            event(f"{kind}: {type(refused).__name__}")
        else:
            event(f"{kind}: done")
            for (user_id, scope, scope_id), (_, after) in rights(rows).items():
                gained = after & ~before[user_id, scope, scope_id][1]
                has = before[ACTOR, scope, scope_id][0] | before[ACTOR, "global", None][0]
                if scope == "channel":
                    has |= before[ACTOR, "server", servers[scope_id or 0]][0]
                lacking = gained & ~has
                assert not lacking, (kind, user_id, scope, scope_id, bin(lacking))
        finally:
            db.session.rollback()
            db.session.expunge_all()
