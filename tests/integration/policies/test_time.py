"""Business hours, access windows and posting hours, through the API."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.integration.policies.conftest import (
    ALWAYS,
    Put,
    administer,
    codes,
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
