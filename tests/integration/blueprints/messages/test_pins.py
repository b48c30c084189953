"""Pinning messages."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.support.world import Community, Person, World


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def pinner(world: World, community: Community) -> Person:
    """A member who may pin."""
    return world.member(community, None, world.role(community, "message.pin"))


def pin_url(community: Community, message_id: int) -> str:
    return f"/api/v1/channels/{community.channel_id}/messages/{message_id}/pin"


def pins(client: FlaskClient, community: Community, person: Person) -> list[int]:
    page = client.get(
        f"/api/v1/channels/{community.channel_id}/pins", headers=person.headers
    ).get_json()
    return [message["id"] for message in page["items"]]


def test_pins_are_listed_with_the_newest_pin_first_until_they_are_taken_away(
    client: FlaskClient, world: World, community: Community, pinner: Person
) -> None:
    first, second = world.messages(community.channel_id, pinner, 2)
    answer = client.put(pin_url(community, second), headers=pinner.headers)
    assert answer.status_code == 200
    assert answer.get_json()["pinned_by"] == pinner.id
    assert answer.get_json()["pinned_at"] is not None
    client.put(pin_url(community, first), headers=pinner.headers)
    reader = world.member(community)
    assert pins(client, community, reader) == [first, second]
    assert client.delete(pin_url(community, first), headers=pinner.headers).status_code == 204
    assert pins(client, community, reader) == [second]


def test_pinning_twice_changes_nothing_the_second_time(
    client: FlaskClient, world: World, community: Community, pinner: Person
) -> None:
    message = world.message(community.channel_id, pinner)
    first = client.put(pin_url(community, message), headers=pinner.headers).get_json()
    before = world.snapshot()
    second = client.put(pin_url(community, message), headers=community.owner.headers)
    assert second.get_json() == first
    assert world.snapshot() == before


def test_unpinning_what_is_not_pinned_is_404(
    client: FlaskClient, world: World, community: Community, pinner: Person
) -> None:
    message = world.message(community.channel_id, pinner)
    answer = client.delete(pin_url(community, message), headers=pinner.headers)
    assert (answer.status_code, answer.get_json()["errors"].keys()) == (404, {"message_id"})


def test_pinning_takes_message_pin(client: FlaskClient, world: World, community: Community) -> None:
    member = world.member(community)
    message = world.message(community.channel_id, member, pinned_at=World.soon(-1))
    before = world.snapshot()
    for method in (client.put, client.delete):
        assert method(pin_url(community, message), headers=member.headers).status_code == 403
    assert world.snapshot() == before


def test_a_channel_holds_fifty_pins_and_deleted_messages_free_theirs(
    client: FlaskClient, world: World, community: Community, pinner: Person
) -> None:
    pinned = [
        world.message(community.channel_id, pinner, pinned_at=World.soon(-1)) for _ in range(50)
    ]
    one_more = world.message(community.channel_id, pinner)
    full = client.put(pin_url(community, one_more), headers=pinner.headers)
    assert full.status_code == 409
    assert "50" in full.get_json()["detail"]
    gone = f"/api/v1/channels/{community.channel_id}/messages/{pinned[0]}"
    assert client.delete(gone, headers=pinner.headers).status_code == 204
    assert client.put(pin_url(community, one_more), headers=pinner.headers).status_code == 200
    assert set(pins(client, community, pinner)) == {one_more, *pinned[1:]}


def test_pins_are_audited(
    client: FlaskClient, world: World, community: Community, pinner: Person
) -> None:
    message = world.message(community.channel_id, pinner)
    client.put(pin_url(community, message), headers=pinner.headers)
    client.delete(pin_url(community, message), headers=pinner.headers)
    acts = [(act.action, act.subject, act.actor_id) for act in world.audit(community)]
    assert acts == [
        ("message.pin", f"message:{message}", pinner.id),
        ("message.unpin", f"message:{message}", pinner.id),
    ]
