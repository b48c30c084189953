"""Acts on a community foretold, against doing them: groups, deletions, members, and the reasons."""

from __future__ import annotations

from random import Random
from typing import Any

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.stored import permission_ids, store
from tests.support.examples import on_one_database
from tests.unit.yoto.permission.dense import (
    CATEGORIES,
    CHANNELS,
    GROUPS,
    ROLES,
    SERVERS,
    USERS,
    dense_community,
)
from tests.unit.yoto.permission.worlds import MOMENTS, NAMES
from yoto.errors import ValidationFailed
from yoto.rooms.what_if.acts import read_act
from yoto.store.db import db

ACTS_OF_ONE = 6
LATER = "2099-01-01T00:00:00+00:00"
Verdicts = dict[tuple[int, str, str], tuple[bool, str]]


def some_act(random: Random) -> dict[str, Any]:
    role, group = random.choice(ROLES), random.choice(GROUPS)
    names = random.sample(NAMES, 2)
    scope: dict[str, Any] = random.choice(
        (
            {},
            {"scope": "server", "scope_id": random.choice(SERVERS)},
            {"scope": "channel", "scope_id": random.choice(CHANNELS)},
        )
    )
    effect = random.choice(("allow", "deny"))
    member = {
        "subject": f"user:{random.choice(USERS)}",
        "scope": "server",
        "scope_id": random.choice(SERVERS),
    }
    return random.choice(
        (
            {"act": "role.grant", "role_id": role, "permissions": names[:1], "effect": effect}
            | scope,
            {"act": "role.revoke", "role_id": role, "permissions": names[:1]} | scope,
            {"act": "role.grant_group", "role_id": role, "group_id": group, "effect": effect}
            | scope,
            {"act": "role.revoke_group", "role_id": role, "group_id": group} | scope,
            {"act": "role.update", "role_id": role, "parent_id": random.choice((None, *ROLES))},
            {"act": "role.update", "role_id": role, "position": random.randint(1, 9)},
            {"act": "role.delete", "role_id": role},
            {"act": "member.timeout", "until": random.choice((None, LATER))} | member,
            {"act": "member.remove"} | member,
            {"act": "group.add", "group_id": group, "permissions": names},
            {"act": "group.remove", "group_id": group, "permissions": names[:1]},
            {"act": "group.delete", "group_id": group},
            {
                "act": "overwrite.set",
                "scope": "category",
                "scope_id": random.choice(CATEGORIES),
                "target": f"role:{role}",
                "deny": names[:1],
            },
            {
                "act": "overwrite.set",
                "scope": "channel",
                "scope_id": random.choice(CHANNELS),
                "target": random.choice((f"role:{role}", f"user:{random.choice(USERS)}")),
                "allow": names[:1],
                "deny": names[1:],
            },
        )
    )


def verdicts(places: list[tuple[str, int | None]]) -> Verdicts:
    found: Verdicts = {}
    for scope, scope_id in places:
        place = scope if scope_id is None else f"{scope}:{scope_id}"
        for user_id in USERS:
            held = set(permissions.effective_permissions(user_id, scope, scope_id))
            for name in NAMES:
                found[user_id, name, place] = name in held, ""
    return found


def with_reason(found: Verdicts, key: tuple[int, str, str]) -> tuple[bool, str]:
    user_id, name, place = key
    kind, _, id_ = place.partition(":")
    explained = permissions.explain(user_id, name, kind, int(id_) if id_ else None, changes=False)
    assert explained.allowed == found[key][0]
    return found[key][0], explained.reason


@on_one_database(15)
@given(seed=st.integers(0, 2**32), now=st.sampled_from(MOMENTS))
def test_it_says_who_gains_and_loses_what_and_for_which_reasons(
    app: Flask, clock: Clock, seed: int, now: float
) -> None:
    clock.now, random = now, Random(seed)
    rows = dense_community(seed)
    with app.app_context():
        # The world is not committed, and neither is what is tried.
        db.session.begin_nested()
        store(rows, permission_ids())
        places = rows.places()
        for _ in range(ACTS_OF_ONE):
            act = some_act(random)
            try:
                said = all_of(act, random)
            except ValidationFailed as error:
                # All of these scopes can be named.
                assert "unknown scope" not in str(error.errors), act
                continue
            before = verdicts(places)
            reasons = {key: with_reason(before, key)[1] for key in said}
            read_act(act).carry_out(None)
            db.session.flush()
            after = verdicts(places)
            changed = {key for key in before if before[key] != after[key]}
            assert said.keys() == changed, (seed, act)
            for key, (was, is_) in said.items():
                assert (was, is_) == (reasons[key], with_reason(after, key)[1]), (seed, act, key)
        db.session.rollback()


def all_of(act: dict[str, Any], random: Random) -> dict[tuple[int, str, str], tuple[str, str]]:
    """The reasons before and after by person, permission and place, of the world's permissions."""
    found: dict[tuple[int, str, str], tuple[str, str]] = {}
    after = None
    while True:
        page = permissions.what_if.try_act(act, after=after, limit=random.randint(1, 3))
        for item in page.items:
            for one in (*item.gained, *item.lost):
                if one.permission in NAMES:
                    for place in one.places:
                        found[item.user_id, one.permission, place] = one.before, one.after
        after = page.next_after
        if after is None:
            return found
