"""Operators try acts, and put two people side by side."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.world import Community, World

AUDIT = "admin.audit"
PIN = "message.pin"


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server(world.user("owner"))


@pytest.fixture
def auditor(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, AUDIT)


def test_an_act_is_tried_by_whoever_may_audit_where_it_reaches(
    app: Flask, world: World, harbour: Community, auditor: ControlClient
) -> None:
    crew = world.role(harbour, PIN, name="crew")
    anna = world.member(harbour, world.user("anna"), crew)
    act = {"act": "role.delete", "role_id": crew}
    found = auditor.send("POST", "/what-if", {"act": act})
    assert found.status_code == 200, found.json
    [item] = found.json["items"]
    assert (item["user_id"], item["username"], item["gained"]) == (anna.id, "anna", [])
    assert [(one["permission"], one["after"]) for one in item["lost"]] == [(PIN, "not_granted")]
    assert [(one["role"], one["before"], one["after"]) for one in found.json["matrix"]] == [
        ("crew", "allow", None)
    ]
    assert found.json["complete"]
    onlooker = control_client(app, world, VIEW, username="onlooker")
    refused = onlooker.send("POST", "/what-if", {"act": act})
    assert (refused.status_code, refused.json["permission"]) == (403, "server.audit")
    assert onlooker.get("/compare", user="anna", other="owner").status_code == 403
    gone = auditor.send("POST", "/what-if", {"act": {**act, "role_id": 10**6}})
    assert gone.status_code == 404
    orphan = {"act": "role.update", "role_id": crew, "parent_id": None}
    assert auditor.send("POST", "/what-if", {"act": orphan}).status_code == 200

    category = world.category(harbour)
    world.channel(harbour, category_id=category, synced=True)
    act = {"act": "overwrite.set", "scope": "category", "scope_id": category}
    act |= {"target": f"role:{crew}", "deny": [PIN]}
    found = auditor.send("POST", "/what-if", {"act": act})
    assert [item["user_id"] for item in found.json["items"]] == [anna.id], found.json


def test_two_people_are_put_side_by_side(
    world: World, harbour: Community, auditor: ControlClient
) -> None:
    anna = world.member(harbour, world.user("anna"), world.role(harbour, PIN, name="crew"))
    world.member(harbour, world.user("ben"))
    place = {"scope": "channel", "scope_id": harbour.channel_id}
    found = auditor.get("/compare", user="anna", other="ben", **place).json
    assert found["only_user"] == [
        {"permission": PIN, "user_reason": "granted", "other_reason": "not_granted"}
    ]
    assert found["only_other"] == [] and "message.send" in found["both"]
    assert (found["user"]["only_roles"], found["other"]["only_roles"]) == (["crew"], [])
    other = auditor.get("/compare", user="owner", other=f"#{anna.id}", **place).json
    assert (other["user"]["standing"], other["other"]["username"]) == ("owner", "anna")
    assert {one["user_reason"] for one in other["only_user"]} == {"owner"}
    nobody = auditor.get("/compare", user="nobody", other="ben", **place)
    assert (nobody.status_code, list(nobody.json["errors"])) == (404, ["user"])
