"""Sensitivity of channels against clearance, through the API."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.integration.policies.conftest import API, acts, codes, looks, send, set_channel_rules
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World


def clear(client: FlaskClient, actor: Person, person: Person, clearance: int) -> Any:
    return client.put(
        f"{API}/admin/users/{person.id}/clearance",
        headers=actor.headers,
        json={"clearance": clearance, "reason": "vetted"},
    )


def test_a_sensitive_channel_takes_clearance(
    client: FlaskClient, world: World, harbour: Community, root: Person
) -> None:
    member = world.member(harbour)
    answer = set_channel_rules(client, harbour.channel_id, root, sensitivity=2)
    assert answer.status_code == 200
    assert codes(send(client, harbour.channel_id, member)) == ["clearance_too_low"]
    for clearance, status in ((1, 403), (2, 201), (4, 201), (0, 403)):
        assert clear(client, root, member, clearance).status_code == 200
        assert send(client, harbour.channel_id, member).status_code == status


def test_an_account_is_read_once_for_many_messages(
    app: Flask, client: FlaskClient, world: World, harbour: Community, root: Person
) -> None:
    member = world.member(harbour)
    assert clear(client, root, member, 2).status_code == 200
    assert set_channel_rules(client, harbour.channel_id, root, sensitivity=2).status_code == 200
    ask = partial(
        permissions.check_permission, member.id, "message.send", "channel", harbour.channel_id
    )
    with app.app_context():
        assert ask()
        # Memory answers as soon as the log is heard.
        wait_until(lambda: looks(app, "users.clearance", ask) == 0, 30.0)
    assert clear(client, root, member, 1).status_code == 200
    assert codes(send(client, harbour.channel_id, member)) == ["clearance_too_low"]


def test_nobody_sets_or_lifts_a_sensitivity_above_their_clearance(
    client: FlaskClient, harbour: Community, root: Person
) -> None:
    raised = set_channel_rules(client, harbour.channel_id, harbour.owner, sensitivity=3)
    assert raised.get_json()["reason"] == "clearance_too_low"
    set_channel_rules(client, harbour.channel_id, root, sensitivity=3)
    lifted = set_channel_rules(client, harbour.channel_id, harbour.owner, sensitivity=0)
    assert lifted.get_json()["reason"] == "clearance_too_low"
    assert clear(client, root, harbour.owner, 3).status_code == 200
    answer = set_channel_rules(client, harbour.channel_id, harbour.owner, sensitivity=1)
    assert answer.get_json() == {"sensitivity": 1, "hours": None}


def test_nobody_clears_themselves(client: FlaskClient, root: Person) -> None:
    assert clear(client, root, root, 4).status_code == 422


def test_a_clearance_is_audited(client: FlaskClient, world: World, root: Person) -> None:
    person = world.user()
    clear(client, root, person, 2)
    [(_, *act)] = acts(world, "user.clearance")
    assert act == [root.id, {"clearance": 0}, {"clearance": 2}, "vetted"]
