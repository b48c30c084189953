"""The application without policies: permissions that they judge are denied by every way to ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import permissions
from app.models import Channel
from tests.integration.policies.conftest import send, set_channel_rules
from tests.support.applications import another_app
from tests.support.operators import VIEW, control_client
from tests.support.world import Community, Person, World
from yoto.parts.rooms import ROOMS
from yoto.store.db import db

SEND, MANAGE = "message.send", "server.manage"
# About what nobody judges beside roles.
OPEN = "channel.read"


@pytest.fixture
def without(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """The same application on the same servers, with all rooms but policies."""
    left = ",".join(one for one in ROOMS if one != "policies")
    with another_app(app_config | {"ROOMS": left}, tmp_path / "without") as found:
        yield found


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


def asked(name: str, person: Person, kind: str, id_: int) -> dict[str, bool]:
    """By each way to ask, whether a person has a permission somewhere."""
    at = kind, id_
    of_others = permissions.list_users(name, *at, limit=100).ids
    where = permissions.list_resources(person.id, name, kind, limit=100).ids
    found = {
        "decide": permissions.decide(person.id, name, *at).allowed,
        "check": permissions.check_permission(person.id, name, *at),
        "again": permissions.check_permission(person.id, name, *at),  # from memory
        "many": permissions.check_many(person.id, [(name, *at)]) == [True],
        "batch": permissions.batch_check_permissions([person.id], name, *at)[person.id],
        "expression": permissions.decide_expression(person.id, f"{name} OR {name}", *at).allowed,
        "users": person.id in of_others,
        "resources": id_ in where,
        "all": name in permissions.allowed_permissions(person.id, *at),
        "explain": permissions.explain(person.id, name, *at).allowed,
    }
    if kind == "channel":
        rows = permissions.visible(select(Channel.id), person.id, name)
        found["visible"] = id_ in set(db.session.scalars(rows))
    return found


def test_every_way_to_ask_denies_what_policies_would_judge(
    app: Flask, without: Flask, world: World, harbour: Community
) -> None:
    cleared = world.member(harbour, world.user("cleared", clearance=2))
    root = world.user("root", super_admin=True, clearance=4)
    guarded = world.channel(harbour, name="guarded", sensitivity=1)
    questions = (
        (MANAGE, harbour.owner, "server", harbour.id, True),
        (SEND, cleared, "channel", guarded, True),
        (SEND, root, "channel", guarded, True),
        (SEND, cleared, "channel", harbour.channel_id, False),
        (OPEN, cleared, "channel", guarded, False),
    )
    for name, person, kind, id_, judged in questions:
        with app.app_context():
            # Entries that others use are filled by this application.
            assert set(asked(name, person, kind, id_).values()) == {True}, name
        with without.app_context():
            found = asked(name, person, kind, id_)
            assert set(found.values()) == {not judged}, (name, found)
            if judged:
                explained = permissions.explain(person.id, name, kind, id_)
                assert explained.reason == "policies_off" and explained.changes == ()
                assert "switched off" in explained.policies[0].texts["en"][0]
                denied = permissions.decide_expression(person.id, f"NOT {name}", kind, id_)
                assert not denied.allowed, "a NOT takes nothing unknown for not held"


def test_over_rest_and_the_standard_api_it_is_denied_with_that_reason(
    app: Flask, without: Flask, world: World, harbour: Community
) -> None:
    root = world.user("root", super_admin=True, clearance=4)
    member = world.member(harbour, world.user("member", clearance=4))
    rules = set_channel_rules(app.test_client(), harbour.channel_id, root, sensitivity=1)
    assert rules.status_code == 200
    question = {
        "subject": {"type": "user", "id": "member"},
        "action": {"name": SEND},
        "resource": {"type": "channel", "id": str(harbour.channel_id)},
    }
    about_it = "/access/v1/evaluation"
    assert send(app.test_client(), harbour.channel_id, member).status_code == 201
    answer = app.test_client().post(about_it, headers=member.headers, json=question)
    assert answer.get_json() == {"decision": True}

    client = without.test_client()
    refused = send(client, harbour.channel_id, member)
    assert (refused.status_code, refused.get_json()["reason"]) == (403, "policies_off")
    answer = client.post(about_it, headers=member.headers, json=question)
    document = answer.get_json()
    assert not document["decision"] and document["context"]["reason"] == "policies_off"
    # Acts of administration are judged, too, and nothing else opens without policies.
    assert client.get("/api/v1/admin/users", headers=root.headers).status_code == 403


def test_a_permission_by_whose_setting_roles_decide_alone_is_denied_as_well(
    app: Flask, without: Flask, world: World
) -> None:
    with app.app_context():
        permissions.register_permission("vault.lenient", abac=True, on_policy_error="rbac")
    warden = world.user("warden")
    world.assign(warden, world.role(None, "vault.lenient"))
    with without.app_context():
        found = permissions.decide(warden.id, "vault.lenient")
        assert (found.allowed, found.reason) == (False, "policies_off")
        assert permissions.get_permission_registry_stats()["policy_failures"] == {}


def test_operators_are_told_so_and_no_emergency_can_be_taken_that_changes_nothing(
    app: Flask, without: Flask, world: World
) -> None:
    with app.app_context():
        permissions.register_permission("vault.open", abac=True)
        judged = sum(one.abac for one in permissions.list_registered_permissions())
    operator = control_client(without, world, VIEW)
    causes = operator.get("/status").get_json()["headline"]["causes"]
    [off] = [one for one in causes if one["kind"] == "policies_off"]
    assert (off["state"], off["value"]) == ("planned", judged)
    warden = world.user("warden", super_admin=True)
    taken = {"reason": "the bridge is out", "minutes": 30}
    for client, status in ((app.test_client(), 201), (without.test_client(), 404)):
        answer = client.post("/api/v1/emergency-access", headers=warden.headers, json=taken)
        assert answer.status_code == status
    commands = {one.name for one in without.cli.commands.values()}
    assert "emergency" not in commands
