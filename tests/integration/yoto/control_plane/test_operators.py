"""Administrators see and change who may steer the platform, and cannot lock themselves out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.auth.passwords import passwords
from app.blueprints.operators import account_list
from tests.integration.yoto.control_plane.conftest import PASSWORD, Browser
from tests.support.operators import (
    ADMIN,
    OPERATE,
    RIGHTS,
    VIEW,
    WHY,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.together import together
from tests.support.world import Person, World
from yoto.errors import StoreUnavailable
from yoto.store.columns import utcnow

OPERATORS, SESSION = "/operators", "/session"


@pytest.fixture
def root(app: Flask, world: World) -> ControlClient:
    """A program of a super-admin, who stands above every role."""
    person = operator_named(world, "root", super_admin=True)
    return program(app, person)


def program(app: Flask, person: Person) -> ControlClient:
    _, secret = api_token(app, person)
    return ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})


def by_name(client: ControlClient) -> dict[str, Any]:
    return {one["username"]: one for one in client.get(OPERATORS).json["items"]}


def test_all_who_were_given_a_right_are_listed_with_what_it_comes_from(
    app: Flask, root: ControlClient, world: World, new_browser: Callable[[], Browser]
) -> None:
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    olga = operator_named(world, "olga", VIEW, password_hash=stored)
    below = world.role(None, VIEW, OPERATE, name="steerers")
    deputy = world.user("deputy")
    world.assign(deputy, world.role(None, name="deputies", parent_id=below))
    past = world.user("past")
    world.assign(past, below, valid_until=utcnow() - timedelta(days=1))
    operator_named(world, "gone", ADMIN, disabled=True)
    operator_named(world, "writer", "admin.audit")
    new_browser().sign_in("olga")
    listed = by_name(root)
    assert listed.keys() == {"root", "olga", "deputy", "past", "gone"}
    assert {name: one["rights"] for name, one in listed.items()} == {
        "root": list(RIGHTS),
        "olga": [VIEW],
        "deputy": [VIEW, OPERATE],
        "past": [],
        "gone": [],
    }
    assert [role["name"] for role in listed["deputy"]["roles"]] == ["deputies"]
    assert listed["past"]["roles"][0]["valid_until"] is not None and listed["gone"]["disabled"]
    assert listed["olga"]["last_sign_in"] is not None and listed["root"]["last_sign_in"] is None
    assert listed["olga"]["sessions_end"] > listed["olga"]["last_sign_in"]
    assert (listed["root"]["tokens"], listed["olga"]["tokens"]) == (1, 0)
    first = root.get(OPERATORS, limit=2).json
    rest = root.get(OPERATORS, after=first["next"]).json
    assert len(first["items"]) + len(rest["items"]) == 5 and olga.id > 0
    roles = {one["name"]: one["rights"] for one in root.get(f"{OPERATORS}/roles").json["items"]}
    assert roles["deputies"] == [VIEW, OPERATE] and "role of writer" not in roles


def test_a_role_is_given_for_a_while_and_taken_back(
    app: Flask, root: ControlClient, world: World
) -> None:
    role_id = world.role(None, VIEW, OPERATE, name="steerers")
    nora = world.user("nora")
    hers = program(app, nora)
    assert hers.get(SESSION).status_code == 403
    until = (utcnow() + timedelta(hours=8)).isoformat()
    given = root.post(OPERATORS, username="nora", role_id=role_id, valid_until=until)
    assert given.json["rights"] == [VIEW, OPERATE]
    assert given.json["roles"][0]["valid_until"] == until
    assert hers.get(SESSION).json["rights"] == [VIEW, OPERATE]
    taken = root.post(f"{OPERATORS}/{nora.id}/revoke", role_id=role_id)
    assert (taken.json["rights"], taken.json["roles"]) == ([], [])
    assert hers.get(SESSION).status_code == 403
    assert [act.reason for act in world.acts("role.assign")] == [WHY]
    again = root.post(f"{OPERATORS}/{nora.id}/revoke", role_id=role_id)
    assert again.status_code == 422 and list(again.json["errors"]) == ["role_ids"]


def test_only_roles_that_steer_the_platform_are_given_here(
    root: ControlClient, world: World
) -> None:
    world.user("nora")
    plain = world.role(None, "admin.audit", name="readers")
    for wrong in (plain, 999_999):
        refused = root.post(OPERATORS, username="nora", role_id=wrong)
        assert refused.status_code == 422 and list(refused.json["errors"]) == ["role_id"]
    role_id = world.role(None, VIEW, name="viewers")
    for name in ("nobody-here", "N O"):
        refused = root.post(OPERATORS, username=name, role_id=role_id)
        assert refused.status_code == 422 and list(refused.json["errors"]) == ["username"]


def test_nobody_gives_a_role_as_high_as_their_own(app: Flask, world: World) -> None:
    ada = control_client(app, world, *RIGHTS)
    world.user("nora")
    peers = world.role(None, VIEW, name="peers", position=1)
    refused = ada.post(OPERATORS, username="nora", role_id=peers)
    assert (refused.status_code, refused.json["reason"]) == (403, "role_too_high")


@pytest.mark.parametrize("act", ["revoke", "disable", "expire"])
def test_the_last_administrator_cannot_be_taken_away(app: Flask, world: World, act: str) -> None:
    role_id = world.role(None, *RIGHTS, name="admins", position=1)
    ada = world.user("ada")
    world.assign(ada, role_id)
    world.assign(ada, world.role(None, "admin.roles", name="high", position=9))
    mine = program(app, ada)

    def lose() -> Any:
        if act == "revoke":
            return mine.post(f"{OPERATORS}/{ada.id}/revoke", role_id=role_id)
        if act == "disable":
            return mine.post(f"{OPERATORS}/{ada.id}/disable")
        until = (utcnow() + timedelta(hours=1)).isoformat()
        return mine.post(OPERATORS, username="ada", role_id=role_id, valid_until=until)

    refused = lose()
    assert refused.status_code == 409 and list(refused.json["errors"]) == ["user_id"]
    assert mine.get(SESSION).json["rights"] == list(RIGHTS)
    for name, rights, columns in (
        ("disabled", RIGHTS, {"disabled": True}),
        ("cannot_sign_in", (ADMIN,), {}),
        ("administers_nothing", (VIEW, OPERATE), {}),
    ):
        operator_named(world, name, *rights, **columns)
        assert lose().status_code == 409, name
    tomorrow = world.role(None, *RIGHTS, name="for a day")
    world.assign(world.user("deputy"), tomorrow, valid_until=utcnow() + timedelta(days=1))
    assert lose().status_code == 409
    operator_named(world, "cleo", VIEW, ADMIN)
    assert lose().status_code == 200


def test_the_last_administrator_keeps_the_role_in_the_applications_api_too(
    app: Flask, world: World
) -> None:
    role_id = world.role(None, *RIGHTS, name="admins", position=1)
    ada = world.user("ada")
    world.assign(ada, role_id)
    world.assign(ada, world.role(None, "admin.roles", name="high", position=9))
    path, client = f"/api/v1/roles/{role_id}/members/{ada.id}", app.test_client()
    refused = client.delete(path, headers=ada.headers)
    assert refused.status_code == 409 and list(refused.json["errors"]) == ["user_id"]
    until = {"valid_until": (utcnow() + timedelta(hours=1)).isoformat()}
    assert client.put(path, headers=ada.headers, json=until).status_code == 409
    assert client.put(path, headers=ada.headers, json={}).status_code == 200
    operator_named(world, "cleo", VIEW, ADMIN)
    assert client.delete(path, headers=ada.headers).status_code == 204


def test_roles_of_operators_are_given_and_taken_in_maintenance_too(
    root: ControlClient, world: World
) -> None:
    nora = world.user("nora")
    role_id = world.role(None, VIEW, name="viewers")
    assert root.put("/maintenance/mode", enabled=True, confirm="maintenance").status_code == 200
    given = root.post(OPERATORS, username="nora", role_id=role_id)
    assert (given.status_code, given.json["rights"]) == (200, [VIEW])
    taken = root.post(f"{OPERATORS}/{nora.id}/revoke", role_id=role_id)
    assert (taken.status_code, taken.json["rights"]) == (200, [])
    # The rights of others are told to nobody then.
    asked = {"user_id": nora.id, "permission": "message.send", "scope": "global"}
    told = root.send("POST", "/explain", asked)
    assert told.status_code == 503 and told.json["type"].endswith("maintenance")


def test_what_cannot_be_shown_is_not_done(
    root: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that could fail come before the commit, so nobody is told of a failure that is none."""
    nora = world.user("nora")
    role_id = world.role(None, VIEW, name="viewers")
    before = len(world.acts("role.assign"))

    def away(user_id: int) -> Any:
        raise StoreUnavailable("database", None)

    monkeypatch.setattr(account_list, "one", away)
    assert root.post(OPERATORS, username="nora", role_id=role_id).status_code == 503
    for act in ("disable", "enable", "end-sessions"):
        assert root.post(f"{OPERATORS}/{nora.id}/{act}").status_code == 503
    assert len(world.acts("role.assign")) == before
    assert world.acts("operator.disable") == world.acts("operator.end_sessions") == []


def test_of_two_administrators_who_disable_each_other_one_stays(app: Flask, world: World) -> None:
    role_id = world.role(None, *RIGHTS, name="admins")
    people = [world.user(name) for name in ("ada", "bert")]
    for person in people:
        world.assign(person, role_id)
    programs = [program(app, person) for person in people]
    calls = [
        lambda mine=mine, other=other: mine.post(f"{OPERATORS}/{other.id}/disable").status_code
        for mine, other in zip(programs, reversed(people), strict=True)
    ]
    # The second one is the last administrator by then, or disabled already.
    assert sorted(together(calls))[0] == 200
    left = [mine.get(SESSION).status_code for mine in programs]
    assert sorted(left) == [200, 401]


def test_a_disabled_account_is_out_at_once_until_it_is_enabled(
    app: Flask, root: ControlClient, world: World, new_browser: Callable[[], Browser]
) -> None:
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    olga = operator_named(world, "olga", VIEW, password_hash=stored)
    browser, hers = new_browser(), program(app, olga)
    browser.sign_in("olga")
    assert browser.is_in() and hers.get(SESSION).status_code == 200
    answer = root.post(f"{OPERATORS}/{olga.id}/disable")
    assert (answer.json["disabled"], answer.json["rights"]) == (True, [])
    assert answer.json["sessions_end"] is None
    assert not browser.is_in() and hers.get(SESSION).status_code == 401
    assert new_browser().sign_in("olga").status_code == 422
    assert root.post(f"{OPERATORS}/{olga.id}/enable").json["rights"] == [VIEW]
    assert not browser.is_in() and hers.get(SESSION).status_code == 401
    assert by_name(root)["olga"]["tokens"] == 0
    assert new_browser().sign_in("olga").status_code == 303
    acts = world.acts("operator.disable") + world.acts("operator.enable")
    assert [act.after["disabled"] for act in acts] == [True, False]


def test_an_account_is_signed_out_everywhere_and_its_tokens_end(
    app: Flask, root: ControlClient, world: World, browser: Browser
) -> None:
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    olga = operator_named(world, "olga", VIEW, password_hash=stored)
    hers = program(app, olga)
    browser.sign_in("olga")
    answer = root.post(f"{OPERATORS}/{olga.id}/end-sessions")
    assert (answer.json["sessions_end"], answer.json["tokens"]) == (None, 0)
    assert not browser.is_in() and hers.get(SESSION).status_code == 401
    assert world.acts("operator.end_sessions")[0].after["tokens_ended"] == 1


def test_a_super_admin_is_touched_by_none_below(
    app: Flask, root: ControlClient, world: World
) -> None:
    ada = control_client(app, world, *RIGHTS)
    root_id = root.get(SESSION).json["user"]["id"]
    for act in ("disable", "enable", "end-sessions"):
        assert ada.post(f"{OPERATORS}/{root_id}/{act}").status_code == 403
        assert root.post(f"{OPERATORS}/999999/{act}").status_code == 404
    assert root.get(SESSION).status_code == 200
