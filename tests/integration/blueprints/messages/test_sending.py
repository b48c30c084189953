"""Sending, editing and deleting messages."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.models import ChannelKind, Message
from tests.support.world import Community, Person, World


def messages(channel_id: int, *parts: object) -> str:
    return "/".join(("/api/v1/channels", str(channel_id), "messages", *map(str, parts)))


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def talker(world: World, community: Community) -> Person:
    """A plain member."""
    return world.member(community)


def test_a_sent_message_comes_back_with_its_author_and_address(
    client: FlaskClient, community: Community, talker: Person
) -> None:
    sent = client.post(
        messages(community.channel_id),
        json={"content": "  Ahoy,\r\n\tall! 👋 \n"},
        headers=talker.headers,
    )
    assert sent.status_code == 201
    message = sent.get_json()
    assert message["content"] == "Ahoy,\n\tall! 👋"
    assert message["author"]["id"] == talker.id
    assert message["author"]["username"] == talker.username
    assert message["created_at"].endswith("+00:00")
    assert message["edited_at"] is message["pinned_at"] is None
    assert client.get(sent.headers["Location"], headers=talker.headers).get_json() == message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": " \n "}, "content"),
        ({"content": "x" * 4001}, "content"),
        ({"content": "a\x07b"}, "content"),
        ({"content": ["a"]}, "content"),
        ({"content": "a", "author_id": 1}, "author_id"),
        ("Ahoy", "body"),
    ],
)
def test_bad_content_is_refused_and_nothing_is_stored(
    client: FlaskClient,
    world: World,
    community: Community,
    talker: Person,
    body: Any,
    field: str,
) -> None:
    before = world.snapshot()
    answer = client.post(messages(community.channel_id), json=body, headers=talker.headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_the_longest_message_passes(
    client: FlaskClient, community: Community, talker: Person
) -> None:
    answer = client.post(
        messages(community.channel_id), json={"content": "語" * 4000}, headers=talker.headers
    )
    assert answer.status_code == 201
    assert len(answer.get_json()["content"]) == 4000


def test_an_oversized_body_is_413_and_broken_json_400(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    path = messages(community.channel_id)
    before = world.snapshot()
    huge = client.post(path, json={"content": "x" * 300_000}, headers=talker.headers)
    assert huge.status_code == 413
    broken = client.post(
        path, data="{'content'", content_type="application/json", headers=talker.headers
    )
    assert broken.status_code == 400
    form = client.post(path, data={"content": "x"}, headers=talker.headers)
    assert form.status_code == 415
    assert world.snapshot() == before


def test_speaking_takes_message_send_in_the_channel(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    quiet = world.channel(community)
    world.overwrite(channel=quiet, role=community.everyone_id, deny=["message.send"])
    speaker = world.member(community)
    world.overwrite(channel=quiet, user=speaker, allow=["message.send"])
    body = {"content": "hi"}
    refused = client.post(messages(quiet), json=body, headers=talker.headers)
    assert refused.status_code == 403
    assert refused.get_json()["reason"] == "overwrite_denied"
    assert client.post(messages(quiet), json=body, headers=speaker.headers).status_code == 201
    assert (
        client.post(messages(quiet), json=body, headers=community.owner.headers).status_code == 201
    )


def test_announcements_take_message_manage_too(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    channel = world.channel(community, kind=ChannelKind.ANNOUNCEMENT)
    herald = world.member(community, None, world.role(community, "message.manage"))
    silenced = world.member(community, None, world.role(community, "message.manage"))
    world.overwrite(channel=channel, user=silenced, deny=["message.send"])
    body = {"content": "Hear ye"}
    refused = client.post(messages(channel), json=body, headers=talker.headers)
    assert refused.status_code == 403
    assert refused.get_json()["permission"] == "message.manage"
    assert client.post(messages(channel), json=body, headers=silenced.headers).status_code == 403
    sent = client.post(messages(channel), json=body, headers=herald.headers)
    assert sent.status_code == 201
    # An author who may not speak there any more cannot change their messages.
    one = f"{messages(channel)}/{sent.get_json()['id']}"
    assert client.patch(one, json={"content": "Hear"}, headers=herald.headers).status_code == 200
    world.overwrite(channel=channel, user=herald, deny=["message.manage"])
    refused = client.patch(one, json={"content": "No more"}, headers=herald.headers)
    assert refused.get_json()["permission"] == "message.manage"


def test_a_member_in_a_time_out_reads_but_does_not_speak(
    client: FlaskClient, world: World, community: Community
) -> None:
    quiet = world.member(community, timeout_until=World.soon())
    free_again = world.member(community, timeout_until=World.soon(-1))
    path = messages(community.channel_id)
    refused = client.post(path, json={"content": "hi"}, headers=quiet.headers)
    assert refused.status_code == 403
    assert refused.get_json()["reason"] == "timed_out"
    assert client.get(path, headers=quiet.headers).status_code == 200
    assert client.post(path, json={"content": "hi"}, headers=free_again.headers).status_code == 201


def test_authors_edit_their_own_messages_alone(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    mine = world.message(community.channel_id, talker, "frist")
    theirs = world.message(community.channel_id, community.owner, "law")
    edited = client.patch(
        messages(community.channel_id, mine), json={"content": "first"}, headers=talker.headers
    )
    assert edited.status_code == 200
    assert edited.get_json()["content"] == "first"
    assert edited.get_json()["edited_at"] is not None
    before = world.snapshot()
    for person in (talker, community.owner):
        refused = client.patch(
            messages(community.channel_id, theirs if person is talker else mine),
            json={"content": "forged"},
            headers=person.headers,
        )
        assert refused.status_code == 403
        assert refused.get_json()["reason"] == "not_author"
    assert world.snapshot() == before


def test_editing_takes_the_right_to_speak(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    mine = world.message(community.channel_id, talker)
    world.overwrite(channel=community.channel_id, user=talker, deny=["message.send"])
    answer = client.patch(
        messages(community.channel_id, mine), json={"content": "x"}, headers=talker.headers
    )
    assert answer.status_code == 403


def test_an_edit_to_the_same_words_is_none(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    mine = world.message(community.channel_id, talker, "same")
    before = world.snapshot()
    answer = client.patch(
        messages(community.channel_id, mine), json={"content": "same"}, headers=talker.headers
    )
    assert answer.get_json()["edited_at"] is None
    assert world.snapshot() == before


def test_the_author_and_moderators_delete_and_others_do_not(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    moderator = world.member(community, None, world.role(community, "message.manage"))
    mine, second = (world.message(community.channel_id, talker) for _ in range(2))
    bystander = world.member(community)
    path = messages(community.channel_id, mine)
    assert client.delete(path, headers=bystander.headers).status_code == 403
    assert client.delete(path, headers=talker.headers).status_code == 204
    assert (
        client.delete(messages(community.channel_id, second), headers=moderator.headers).status_code
        == 204
    )
    acts = [(act.action, act.actor_id) for act in world.audit(community)]
    assert acts == [("message.delete", talker.id), ("message.delete", moderator.id)]


def test_a_deleted_message_is_gone_for_everybody_but_stays_in_the_table(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    kept = world.message(community.channel_id, talker, "kept")
    gone = world.message(community.channel_id, talker, "gone")
    path = messages(community.channel_id, gone)
    client.delete(path, headers=talker.headers)
    assert client.get(path, headers=talker.headers).status_code == 404
    assert client.delete(path, headers=talker.headers).status_code == 404
    assert client.patch(path, json={"content": "x"}, headers=talker.headers).status_code == 404
    listed = client.get(messages(community.channel_id), headers=talker.headers).get_json()
    assert [message["id"] for message in listed["items"]] == [kept]
    assert world.scalar(select(Message.content).where(Message.id == gone)) == "gone"


def test_a_message_is_found_only_in_its_own_channel(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    elsewhere = world.channel(community)
    message = world.message(elsewhere, talker)
    path = messages(community.channel_id, message)
    before = world.snapshot()
    assert client.get(path, headers=community.owner.headers).status_code == 404
    assert client.delete(path, headers=community.owner.headers).status_code == 404
    assert client.put(f"{path}/pin", headers=community.owner.headers).status_code == 404
    assert world.snapshot() == before


def test_every_write_is_audited_without_the_words_of_what_was_said(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    path = messages(community.channel_id)
    sent = client.post(path, json={"content": "the code is 4711"}, headers=talker.headers)
    one = f"{path}/{sent.get_json()['id']}"
    client.patch(one, json={"content": "never mind"}, headers=talker.headers)
    client.delete(one, headers=talker.headers)
    acts = world.audit(community)
    assert [act.action for act in acts] == ["message.send", "message.edit", "message.delete"]
    place = {"channel_id": community.channel_id}
    assert acts[1].before == place | {"characters": 16}
    assert acts[1].after == place | {"characters": 10}
    assert "4711" not in repr(acts) and "never mind" not in repr(acts)
