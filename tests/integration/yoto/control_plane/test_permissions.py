"""Operators ask why somebody may, who may, what somebody may, and what a server grants."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.extensions import permissions
from tests.support.operators import (
    OPERATE,
    VIEW,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.world import Community, Person, World
from yoto.store.models import RoleGrant

AUDIT, SERVER_AUDIT = "admin.audit", "server.audit"
SEND, PIN = "message.send", "message.pin"
MANAGE, KICK = "channel.manage", "member.kick"


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server(world.user("owner"))


@pytest.fixture
def bob(world: World, harbour: Community) -> Person:
    return world.member(harbour, world.user("bob"))


@pytest.fixture
def auditor(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, AUDIT)


def ask(client: ControlClient, place: int, permission: str = SEND, **who: Any) -> Any:
    body = {"permission": permission, "scope": "channel", "scope_id": place, **who}
    return client.send("POST", "/explain", body)


def pages(client: ControlClient, path: str, **query: Any) -> list[Any]:
    """All items, two at a time."""
    found: list[Any] = []
    after: dict[str, Any] = {}
    while True:
        page = client.get(path, limit=2, **query, **after).json
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def test_a_denial_is_explained_with_what_would_turn_it(
    auditor: ControlClient, world: World, harbour: Community, bob: Person
) -> None:
    world.overwrite(channel=harbour.channel_id, user=bob, deny=[SEND])
    shown = ask(auditor, harbour.channel_id, username="Bob").json
    assert (shown["user_id"], shown["username"], shown["allowed"]) == (bob.id, "bob", False)
    assert [(step["target"], step["before"], step["after"]) for step in shown["steps"]][-1] == (
        "user",
        True,
        False,
    )
    assert "remove_overwrite" in [change["kind"] for change in shown["changes"]]
    assert ask(auditor, harbour.channel_id, "channel.read", user_id=bob.id).json["allowed"]


@pytest.mark.parametrize(
    ("who", "status", "field"),
    [
        ({}, 422, "user_id"),
        ({"user_id": 1, "username": "bob"}, 422, "user_id"),
        ({"username": "nobody"}, 404, "username"),
        ({"user_id": 1, "permission": "no.such"}, 422, "permission"),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_field(
    auditor: ControlClient, harbour: Community, who: dict[str, Any], status: int, field: str
) -> None:
    body = {"permission": SEND, "scope": "channel", "scope_id": harbour.channel_id, **who}
    refused = auditor.send("POST", "/explain", body)
    assert (refused.status_code, list(refused.json["errors"])) == (status, [field])


def test_who_may_is_found_page_by_page(
    auditor: ControlClient, world: World, harbour: Community
) -> None:
    crew = world.role(harbour, PIN, name="crew")
    ids = [harbour.owner.id, *sorted(world.members(harbour, 4, crew))]
    asked = {"permission": PIN, "scope": "channel", "scope_id": harbour.channel_id}
    found = pages(auditor, "/search/who", **asked)
    assert [one["id"] for one in found] == ids and found[0]["username"] == "owner"
    lines: list[Any] = []
    page: Any = {"next_after": 0}
    while page["next_after"] is not None:
        page = auditor.get("/review", **asked, limit=2, after=page["next_after"]).json
        lines += page["items"]
    assert [line["user_id"] for line in lines] == ids
    assert lines[1]["ways"][0]["role"] == "crew"


def test_what_somebody_may_is_found_with_names(
    auditor: ControlClient, world: World, harbour: Community, bob: Person
) -> None:
    hidden = world.channel(harbour, "hidden")
    world.overwrite(channel=hidden, user=bob, deny=[SEND])
    world.channel(harbour, "open")
    found = pages(auditor, "/search/what", permission=SEND, username="bob")
    assert [one["name"] for one in found] == ["general", "open"]
    assert {one["server"] for one in found} == {"Harbour"}
    servers = pages(auditor, "/search/what", permission=SEND, user_id=bob.id, scope="server")
    assert [(one["scope"], one["id"]) for one in servers] == [("server", harbour.id)]


def test_a_review_is_exported_to_its_end_in_both_forms(
    auditor: ControlClient,
    world: World,
    harbour: Community,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yoto.rooms.review.operating.EXPORT_PAGE", 2)
    ids = [harbour.owner.id, *sorted(world.members(harbour, 4, world.role(harbour, PIN)))]
    asked = {"permission": PIN, "scope": "channel", "scope_id": harbour.channel_id}
    table = auditor.get("/review/export", **asked)
    assert table.mimetype == "text/csv" and table.is_streamed
    assert "attachment" in table.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert [int(row["user_id"]) for row in rows] == ids
    listed = auditor.get("/review/export", **asked, format="json")
    assert [line["user_id"] for line in json.loads(listed.text)] == ids
    assert auditor.get("/review/export", **{**asked, "scope_id": 999}).status_code == 404


def test_the_matrix_has_roles_with_their_grants_and_groups(
    auditor: ControlClient, world: World, harbour: Community, bob: Person
) -> None:
    crew = world.role(harbour, PIN, name="crew", parent_id=None)
    world.assign(bob, crew)
    path = f"/servers/{harbour.id}/matrix"
    first = auditor.get(path, limit=1).json
    assert first["server"]["name"] == "Harbour" and first["roles"][0]["is_default"]
    rest = auditor.get(path, limit=1, after=first["next"]).json
    assert rest["next"] is None
    (role,) = rest["roles"]
    assert (role["id"], role["name"], role["holders"]) == (crew, "crew", 1)
    assert role["grants"] == [
        {
            "permission": PIN,
            "effect": "allow",
            "scope": f"server:{harbour.id}",
            "group": None,
            "group_id": None,
        }
    ]
    names = {one["name"]: one for one in first["permissions"]}
    assert names[PIN]["description"] and AUDIT not in names


def test_the_matrix_says_what_the_resolver_decides_of_each_role(
    app: Flask, auditor: ControlClient, world: World, harbour: Community
) -> None:
    other = world.server(name="Elsewhere")
    far = world.role(None, KICK, name="far")
    moved = update(RoleGrant).where(RoleGrant.role_id == far)
    world.run(moved.values(server_id=other.id, scope_key=f"server:{other.id}"))
    everywhere = world.role(None, PIN, name="everywhere", parent_id=far)
    asleep = world.role(harbour, MANAGE, name="asleep", active=False, parent_id=everywhere)
    roles = [
        asleep,
        world.role(harbour, KICK, name="under the sleeper", parent_id=asleep),
        world.role(harbour, KICK, name="under a global one", parent_id=everywhere),
        world.role(harbour, name="denies", deny=[PIN], parent_id=everywhere),
    ]
    listed: dict[int, Any] = {}
    lines: dict[int, Any] = {}
    for role_id in roles:  # each alone on its page, so all that it inherits from stands elsewhere
        page = auditor.get(f"/servers/{harbour.id}/matrix", limit=1, after=role_id - 1).json
        (listed[role_id],) = page["roles"]
        lines |= {one["id"]: one for one in [*page["ancestors"], *page["roles"]]}
    for role_id in roles:
        holder = world.member(harbour, world.user(), role_id)
        counted = [role_id, *listed[role_id]["inherits"]] if listed[role_id]["active"] else []
        grants = [grant for one in counted for grant in lines[one]["grants"]]
        for name in (PIN, MANAGE, KICK):
            effects = {grant["effect"] for grant in grants if grant["permission"] == name}
            with app.app_context():
                may = permissions.check_permission(holder.id, name, "server", harbour.id)
            assert bool(may) is (effects == {"allow"}), (listed[role_id]["name"], name)


def test_the_overwrites_in_force_stand_at_each_channel(
    auditor: ControlClient, world: World, harbour: Community, bob: Person
) -> None:
    topics = world.category(harbour, "Topics")
    synced = world.channel(harbour, "synced", category_id=topics, synced=True)
    world.overwrite(channel=harbour.channel_id, user=bob, deny=[SEND], allow=[PIN])
    world.overwrite(category=topics, role=harbour.everyone_id, deny=[SEND])
    found = {one["id"]: one for one in pages(auditor, f"/servers/{harbour.id}/overwrites")}
    assert found[harbour.channel_id]["overwrites"] == [
        {
            "target_type": "user",
            "target_id": bob.id,
            "target": "bob",
            "allow": [PIN],
            "deny": [SEND],
        }
    ]
    (laid,) = found[synced]["overwrites"]
    assert found[synced]["synced"] and (laid["target"], laid["deny"]) == ("@everyone", [SEND])


def test_servers_channels_accounts_and_permissions_are_found_by_name(
    app: Flask, world: World, harbour: Community, bob: Person
) -> None:
    viewer = control_client(app, world, VIEW)
    world.server(name="100% Lighthouse")
    assert [one["name"] for one in pages(viewer, "/servers")] == ["Harbour", "100% Lighthouse"]
    assert [one["name"] for one in pages(viewer, "/servers", search="0% LIGHT")] == [
        "100% Lighthouse"
    ]
    assert pages(viewer, "/servers", search="_") == []
    assert [one["username"] for one in pages(viewer, "/users", search="BO")] == ["bob"]
    channels = pages(viewer, f"/servers/{harbour.id}/channels", search="gen")
    assert [one["name"] for one in channels] == ["general"]
    listed = viewer.get("/permissions", limit=100).json["items"]
    assert {"name", "scope", "description", "abac"} <= listed[0].keys()
    assert SEND in [one["name"] for one in listed]


def test_to_look_at_the_platform_is_not_to_know_what_others_may(
    app: Flask, world: World, harbour: Community, bob: Person
) -> None:
    viewer = control_client(app, world, VIEW, OPERATE)
    asked = {"permission": SEND, "scope": "channel", "scope_id": harbour.channel_id}
    paths: list[tuple[str, dict[str, Any]]] = [
        ("/search/who", asked),
        ("/search/what", {"permission": SEND, "user_id": bob.id}),
        ("/review", asked),
        ("/review/export", asked),
        (f"/servers/{harbour.id}/matrix", {}),
        (f"/servers/{harbour.id}/overwrites", {}),
    ]
    answers = [viewer.get(path, **query) for path, query in paths]
    answers.append(ask(viewer, harbour.channel_id, user_id=bob.id))
    assert [one.status_code for one in answers] == [403] * len(answers)
    assert {one.json["permission"] for one in answers} == {SERVER_AUDIT, AUDIT}
    assert viewer.get("/servers/0/matrix").status_code == 404


def test_who_may_audit_one_server_reads_that_one(
    app: Flask, world: World, harbour: Community, bob: Person
) -> None:
    person = operator_named(world, "keeper", VIEW)
    _, secret = api_token(app, person)
    keeper = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
    other = world.server(name="Elsewhere")
    assert keeper.get(f"/servers/{harbour.id}/matrix").status_code == 403
    world.member(harbour, person, world.role(harbour, SERVER_AUDIT, name="keepers"))
    assert keeper.get(f"/servers/{harbour.id}/matrix").status_code == 200
    assert ask(keeper, harbour.channel_id, user_id=bob.id).status_code == 200
    assert keeper.get(f"/servers/{other.id}/matrix").status_code == 403
