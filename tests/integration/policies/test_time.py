"""Business hours, access windows and posting hours, through the API."""

from __future__ import annotations

from functools import partial

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.extensions import permissions
from app.models import Channel
from tests.integration.policies.conftest import (
    ALWAYS,
    API,
    Put,
    administer,
    codes,
    looks,
    manage,
    never,
    send,
    set_channel_rules,
    set_server_rules,
)
from tests.support.world import Community, Person, World

HOURS = {"business": {}, "access": ["server.*"], "posting": ["message.send"]}


def test_administering_outside_business_hours_is_denied(
    client: FlaskClient, root: Person, put: Put
) -> None:
    assert administer(client, root).status_code == 200
    put("hours", HOURS | {"business": {"admin.*": never() | {"time_zone": "Europe/Berlin"}}})
    assert codes(administer(client, root)) == ["outside_business_hours"]
    put("hours", HOURS | {"business": {"admin.*": ALWAYS | {"time_zone": "Asia/Shanghai"}}})
    assert administer(client, root).status_code == 200


def test_a_server_is_managed_in_its_access_hours_alone(
    client: FlaskClient, harbour: Community
) -> None:
    set_server_rules(client, harbour, access_hours=ALWAYS, time_zone="America/Lima")
    assert manage(client, harbour).status_code == 200
    set_server_rules(client, harbour, access_hours=never(), time_zone="Pacific/Auckland")
    assert codes(manage(client, harbour)) == ["outside_access_hours"]


def test_messages_are_sent_in_posting_hours_alone(
    client: FlaskClient, world: World, harbour: Community
) -> None:
    member = world.member(harbour)
    assert send(client, harbour.channel_id, member).status_code == 201
    for hours, status in ((never(), 403), (ALWAYS, 201), (never(), 403), (None, 201)):
        set_channel_rules(client, harbour.channel_id, harbour.owner, hours=hours)
        assert send(client, harbour.channel_id, harbour.owner).status_code == status
        answer = send(client, harbour.channel_id, member)
        assert answer.status_code == status
        if status == 403:
            assert codes(answer) == ["outside_posting_hours"]
    assert send(client, world.channel(harbour), member).status_code == 201


def test_lists_tell_the_same_as_checks_in_one_look(
    app: Flask, client: FlaskClient, world: World, harbour: Community
) -> None:
    member = world.member(harbour)
    closed = [world.channel(harbour) for _ in range(3)]
    opened = [harbour.channel_id, *(world.channel(harbour) for _ in range(20))]
    for channel_id in closed:
        set_channel_rules(client, channel_id, harbour.owner, hours=never())
    question = {"permission": "message.send", "server_id": harbour.id}
    answer = client.get(
        f"{API}/permissions/resources", headers=member.headers, query_string=question
    )
    assert answer.get_json()["ids"] == sorted(opened)
    with app.app_context():
        ask = partial(
            permissions.nodes_with, member.id, "message.send", "channel", "server", harbour.id
        )
        assert sorted(ask()) == sorted(opened)
        seen = looks(app, "channels.hours", ask)
        world.run(update(Channel).values(hours=None))
        assert sorted(ask()) == sorted([*opened, *closed])
    # One look at all of them, and one at each of those that are judged, unless it is remembered.
    assert 1 <= seen <= 1 + len(closed)
