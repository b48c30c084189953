"""An act foretold over HTTP, for those who may do it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.world import Community, Person, World
from yoto.extensions import permissions
from yoto.permission import PUBLIC, Everyone

WHAT_IF = "/api/v1/permissions/what-if"
PIN = "message.pin"


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server(world.user("owner"))


@pytest.fixture
def crew(world: World, harbour: Community) -> int:
    """A role that five members hold."""
    return world.role(harbour, name="crew", position=2)


@pytest.fixture
def keeper(world: World, harbour: Community) -> Person:
    """A member who may change roles below their own, and pin."""
    rank = world.role(harbour, "role.manage", PIN, name="keeper", position=5)
    return world.member(harbour, world.user("keeper"), rank)


def ask(client: FlaskClient, who: Person, act: dict[str, Any], **more: Any) -> TestResponse:
    return client.post(WHAT_IF, headers=who.headers, json={"act": act, **more})


def granting(role: int, *names: str, **more: Any) -> dict[str, Any]:
    return {"act": "role.grant", "role_id": role, "permissions": list(names), **more}


def test_it_says_who_would_gain_where_page_by_page_and_changes_nothing(
    client: FlaskClient, world: World, harbour: Community, crew: int, keeper: Person
) -> None:
    people = sorted(world.members(harbour, 5, crew))
    before = world.snapshot()
    seen, after, judged = [], None, 0
    while True:
        page = ask(client, keeper, granting(crew, PIN), after=after, limit=2).get_json()
        assert bool(page["matrix"]) == (after is None)
        assert not page["complete"]
        for item in page["items"]:
            assert (item["home"], item["lost"]) == (f"server:{harbour.id}", [])
            [gain] = item["gained"]
            # In the server, and in its channel.
            assert (gain["permission"], gain["count"]) == (PIN, 2)
            assert (gain["before"], gain["after"]) == ("not_granted", "granted")
        seen += [item["user_id"] for item in page["items"]]
        judged += page["judged"]
        after = page["next_after"]
        if after is None:
            break
    assert seen == people and judged >= len(people)
    whole = ask(client, keeper, granting(crew, PIN)).get_json()
    assert whole["complete"] and len(whole["items"]) == len(people)
    [cell] = whole["matrix"]
    assert (cell["role"], cell["before"], cell["after"]) == ("crew", None, "allow")
    assert world.snapshot() == before


def test_an_act_is_refused_as_it_would_be(
    client: FlaskClient, world: World, harbour: Community, crew: int, keeper: Person
) -> None:
    member = world.member(harbour)
    for who, act, status in (
        (member, granting(crew, PIN), 403),  # may not change roles
        (keeper, granting(crew, "member.ban"), 403),  # would give what they have not
        (world.user(), granting(crew, PIN), 404),  # the server's roles are not there for them
        (keeper, granting(world.role(None), PIN), 404),  # nor are global ones
        (keeper, granting(crew, "no.such"), 422),
        (keeper, granting(10**6, PIN), 404),
        (keeper, {"act": "role.revoke", "role_id": crew, "permissions": [PIN]}, 422),
        (keeper, {"act": "role.paint", "role_id": crew}, 422),
        (keeper, {"act": "role.add_parent", "role_id": crew, "parent_id": None}, 422),
        (keeper, granting(crew, PIN, colour="red"), 422),
        (keeper, {"act": "group.delete", "group_id": 1}, 403),
        (member, overwriting(harbour, f"role:{crew}"), 403),
    ):
        found = ask(client, who, act)
        assert found.status_code == status, (act, found.get_json())
    unknown = ask(client, keeper, granting(crew, "no.such")).get_json()
    assert list(unknown["errors"]) == ["permissions"]
    assert list(ask(client, keeper, granting(crew, PIN), after="x").get_json()["errors"]) == [
        "after"
    ]


def overwriting(harbour: Community, target: str, **lists: Any) -> dict[str, Any]:
    at = {"scope": "channel", "scope_id": harbour.channel_id, "target": target}
    return {"act": "overwrite.set", **at, **lists}


def test_overwrites_of_a_category_are_tried_by_who_may_set_them_in_its_server(
    client: FlaskClient, world: World, harbour: Community, crew: int
) -> None:
    [person] = world.members(harbour, 1, crew)
    category = world.category(harbour)
    follower = world.channel(harbour, "follower", category_id=category, synced=True)
    rank = world.role(harbour, "channel.overwrite", PIN, position=5)
    editor = world.member(harbour, world.user("editor"), rank)
    at = {"scope": "category", "scope_id": category, "target": f"role:{crew}"}
    act = {"act": "overwrite.set", "allow": [PIN], **at}
    found = ask(client, editor, act).get_json()
    [item] = found["items"]
    assert (item["user_id"], item["lost"]) == (person, [])
    assert [(one["permission"], one["places"]) for one in item["gained"]] == [
        (PIN, [f"channel:{follower}"])
    ]
    assert [(one["role"], one["place"]) for one in found["matrix"]] == [
        ("crew", f"category:{category}")
    ]
    manager = world.member(harbour, world.user(), world.role(harbour, PIN, position=9))
    world.assign(manager, world.role(None, "admin.roles", position=9))
    for who, tried, status in (
        (world.member(harbour), act, 403),
        (manager, act, 403),  # the route takes the community's own right
        (world.user(), act, 404),
        (editor, act | {"scope_id": 10**6}, 404),
        (editor, {"act": "overwrite.clear", **at}, 422),  # there is none yet
        (editor, {"act": "overwrite.set", **at, "scope": "attic"}, 422),
    ):
        answer = ask(client, who, tried)
        assert answer.status_code == status, (tried, answer.get_json())
    world.overwrite(category=category, role=crew, allow=[PIN])
    [item] = ask(client, editor, {"act": "overwrite.clear", **at}).get_json()["items"]
    assert [one["places"] for one in item["lost"]] == [[f"channel:{follower}"]]


def test_places_that_are_hidden_from_the_caller_are_left_out(
    client: FlaskClient, world: World, harbour: Community, crew: int, keeper: Person
) -> None:
    world.members(harbour, 1, crew)
    attic = world.channel(harbour, "attic")
    world.overwrite(channel=attic, role=harbour.everyone_id, deny=["channel.read"])
    world.overwrite(channel=attic, role=crew, allow=["channel.read"])
    keepers, owners = (
        ask(client, who, granting(crew, PIN)).get_json()["items"][0]["gained"][0]
        for who in (keeper, harbour.owner)
    )
    assert f"channel:{attic}" not in keepers["places"] and keepers["count"] == 2
    assert f"channel:{attic}" in owners["places"] and owners["count"] == 3


def test_a_denial_for_everyone_takes_from_all_but_the_owner(
    client: FlaskClient, world: World, harbour: Community
) -> None:
    people = world.members(harbour, 3)
    act = overwriting(harbour, f"role:{harbour.everyone_id}", deny=["message.send"])
    found = ask(client, harbour.owner, act).get_json()
    assert [item["user_id"] for item in found["items"]] == sorted(people)
    for item in found["items"]:
        [loss] = item["lost"]
        assert loss["places"] == [f"channel:{harbour.channel_id}"]
        assert (loss["before"], loss["after"]) == ("granted", "overwrite_denied")


def test_what_is_assigned_from_later_on_is_judged_at_that_moment(
    app: Flask, world: World, harbour: Community
) -> None:
    pinner, person = world.role(harbour, PIN), world.member(harbour)
    with app.app_context():
        found = permissions.what_if.try_act(
            {
                "act": "role.assign",
                "subject": f"user:{person.id}",
                "role_id": pinner,
                "valid_from": "2100-01-01T00:00:00+00:00",
            }
        )
    assert found.at.year == 2100
    [item] = found.items
    assert [one.permission for one in item.gained] == [PIN]


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z"]
    + ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"],
)
@pytest.mark.parametrize("field", ["valid_from", "valid_until", "until"])
def test_moments_at_the_ends_of_time_are_refused_as_by_the_routes(
    client: FlaskClient, harbour: Community, crew: int, field: str, moment: str
) -> None:
    act: dict[str, Any] = {"act": "role.assign", "subject": "user:1", "role_id": crew}
    if field == "until":
        at = {"scope": "server", "scope_id": harbour.id, "subject": "user:1"}
        act = {"act": "member.timeout", **at}
    answer = ask(client, harbour.owner, act | {field: moment})
    assert answer.status_code == 422, answer.get_json()
    assert answer.get_json()["errors"] == {field: ["Years from 1970 to 9998 are allowed."]}


def test_a_time_out_and_a_removal_are_foretold_to_who_may_do_it_to_whom_they_outrank(
    client: FlaskClient, world: World, harbour: Community, crew: int, keeper: Person
) -> None:
    member = world.member(harbour, world.user("member"), crew)
    rank = world.role(harbour, "member.timeout", "member.ban", position=3)
    guard = world.member(harbour, world.user("guard"), rank)
    at = {"subject": f"user:{member.id}", "scope": "server", "scope_id": harbour.id}
    out = {"act": "member.timeout", "until": "2100-01-01T00:00:00+00:00", **at}
    gone = {"act": "member.remove", **at}
    [found] = ask(client, guard, out).get_json()["items"]
    lost = {one["permission"]: one["after"] for one in found["lost"]}
    assert lost["message.send"] == "timed_out" and "channel.read" not in lost
    [found] = ask(client, guard, gone).get_json()["items"]
    assert {one["after"] for one in found["lost"]} == {"not_member"}
    assert "channel.read" in {one["permission"] for one in found["lost"]}
    above = {"subject": f"user:{keeper.id}", "scope": "server", "scope_id": harbour.id}
    nobody = at | {"subject": f"user:{world.user().id}"}
    # They outrank the member, but have no right over members.
    manager = world.member(harbour, world.user(), world.role(harbour, position=9))
    world.assign(manager, world.role(None, "admin.roles", position=9))
    root, owner = world.user("root", super_admin=True), f"user:{harbour.owner.id}"
    assert ask(client, root, out | above).status_code == 200
    for who, act, status in (
        (member, out, 403),
        (manager, out, 403),
        (manager, gone, 403),
        (root, out | {"subject": owner}, 403),
        (root, gone | {"subject": owner}, 403),
        (keeper, gone, 403),
        (guard, out | above, 403),
        (world.user(), out, 404),
        (guard, gone | nobody, 404),
        (guard, out | {"scope": "channel", "scope_id": harbour.channel_id}, 422),
    ):
        answer = ask(client, who, act)
        assert answer.status_code == status, (act, answer.get_json())
    assert ask(client, guard, out | {"until": None}).status_code == 200
    for until in (5, [1], "soon", "2100-01-01T00:00:00", "2020-01-01T00:00:00+00:00"):
        answer = ask(client, guard, out | {"until": until})
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["until"]), until


def test_a_member_made_up_of_roles_may_do_what_one_who_holds_them_may(
    app: Flask, client: FlaskClient, world: World, harbour: Community, crew: int
) -> None:
    attic = world.channel(harbour, "attic")
    world.overwrite(channel=attic, role=harbour.everyone_id, deny=["channel.read"])
    world.overwrite(channel=attic, role=crew, allow=["channel.read"])
    pinner = world.role(harbour, PIN)
    asleep = world.role(harbour, "member.ban", active=False)
    lent, shared = world.role(harbour, "member.nickname"), world.role(None, "message.manage")
    with app.app_context():
        permissions.assign(Everyone("server", harbour.id), lent, at=("server", harbour.id))
        permissions.assign(PUBLIC, shared, at=("channel", attic))
    places = [
        {"scope": "server", "scope_id": harbour.id},
        {"scope": "channel", "scope_id": harbour.channel_id},
        {"scope": "channel", "scope_id": attic},
    ]

    def look(who: Person, roles: list[int]) -> TestResponse:
        body = {"role_ids": roles, "places": places}
        return client.post("/api/v1/permissions/as-roles", headers=who.headers, json=body)

    for roles in ([], [crew], [pinner], [crew, pinner, asleep]):
        holder = world.member(harbour, world.user(), *roles)
        found = look(harbour.owner, roles).get_json()["items"]
        for item in found:
            at = {"scope": item["scope"], "scope_id": item["scope_id"]}
            own = client.get("/api/v1/permissions/me", headers=holder.headers, query_string=at)
            held = own.get_json()["permissions"] if own.status_code == 200 else []
            assert item["permissions"] == sorted(held), (roles, at)
        assert "member.nickname" in found[0]["permissions"]  # what everybody there holds
    many = [crew, *(world.role(harbour) for _ in range(50))]
    assert look(harbour.owner, many).status_code == 200  # a page has a box for each role
    assert look(world.member(harbour), [crew]).status_code == 404  # the attic is not there for them
    elsewhere = world.server(world.user())
    assert look(harbour.owner, [elsewhere.everyone_id]).status_code == 404
    assert look(harbour.owner, [world.role(None)]).status_code == 404
