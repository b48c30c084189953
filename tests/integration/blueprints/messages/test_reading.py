"""Reading channels in pages, and searching them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.statements import count_statements
from tests.support.world import Community, Person, World


def read(client: FlaskClient, person: Person, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}", query_string=query, headers=person.headers)
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def ids(page: dict[str, Any]) -> list[int]:
    return [message["id"] for message in page["items"]]


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def reader(world: World, community: Community) -> Person:
    """A plain member."""
    return world.member(community)


def test_pages_go_back_in_time_from_the_newest_message(
    client: FlaskClient, world: World, community: Community, reader: Person
) -> None:
    sent = world.messages(community.channel_id, reader, 10)
    path = f"channels/{community.channel_id}/messages"
    page = read(client, reader, path, limit=4)
    assert (ids(page), page["next"]) == (sent[:5:-1], sent[6])
    page = read(client, reader, path, limit=4, before=page["next"])
    assert (ids(page), page["next"]) == (sent[5:1:-1], sent[2])
    page = read(client, reader, path, limit=4, before=page["next"])
    assert (ids(page), page["next"]) == (sent[1::-1], None)


def test_pages_go_forward_from_the_last_message_somebody_saw(
    client: FlaskClient, world: World, community: Community, reader: Person
) -> None:
    sent = world.messages(community.channel_id, reader, 6)
    path = f"channels/{community.channel_id}/messages"
    page = read(client, reader, path, limit=3, after=sent[1])
    assert (ids(page), page["next"]) == (sent[2:5], sent[4])
    page = read(client, reader, path, limit=3, after=page["next"])
    assert (ids(page), page["next"]) == (sent[5:], None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("before=3&after=1", "after"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("before=now", "before"),
        ("before=9223372036854775808", "before"),
        ("offset=3", "offset"),
    ],
)
def test_a_wrong_slice_is_refused_by_field(
    client: FlaskClient, community: Community, reader: Person, query: str, field: str
) -> None:
    answer = client.get(
        f"/api/v1/channels/{community.channel_id}/messages?{query}", headers=reader.headers
    )
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


@pytest.mark.parametrize("path", ["messages", "messages/search?q=message", "pins"])
def test_reading_takes_the_same_statements_for_3_messages_as_for_30(
    app: Flask, client: FlaskClient, world: World, community: Community, path: str
) -> None:
    def pinned_by_many(number: int) -> None:
        for _ in range(number):
            author = world.member(community)
            world.message(community.channel_id, author, "message", pinned_at=World.soon(-1))

    def statements() -> int:
        with count_statements(app) as counted:
            answer = client.get(
                f"/api/v1/channels/{community.channel_id}/{path}",
                headers=community.owner.headers,
            )
        assert answer.status_code == 200
        lengths.append(len(answer.get_json()["items"]))
        return len(counted)

    lengths: list[int] = []
    pinned_by_many(3)
    statements()
    for_three = statements()
    pinned_by_many(27)
    assert statements() == for_three <= 4
    assert lengths == [3, 3, 30]


def test_history_and_search_take_read_history(
    client: FlaskClient, world: World, community: Community, reader: Person
) -> None:
    message = world.message(community.channel_id, reader)
    world.overwrite(channel=community.channel_id, user=reader, deny=["message.read_history"])
    base = f"/api/v1/channels/{community.channel_id}"
    for path in ("messages", f"messages/{message}", "messages/search?q=a", "pins"):
        assert client.get(f"{base}/{path}", headers=reader.headers).status_code == 403
    sent = client.post(f"{base}/messages", json={"content": "hi"}, headers=reader.headers)
    assert sent.status_code == 201


def test_a_channel_that_cannot_be_seen_has_no_history(
    client: FlaskClient, world: World, community: Community, reader: Person
) -> None:
    world.overwrite(channel=community.channel_id, user=reader, deny=["channel.read"])
    answer = client.get(f"/api/v1/channels/{community.channel_id}/messages", headers=reader.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100%", ["100% sure"]),
        ("%", ["100% sure"]),
        ("_", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("/", ["for/ward"]),
        ("SURE", ["100 sure", "100% sure"]),
        ("'; DROP TABLE messages; --", []),
        ("100%sure", []),
        ("nothing", []),
    ],
)
def test_search_takes_every_character_literally(
    client: FlaskClient,
    world: World,
    community: Community,
    reader: Person,
    text: str,
    found: list[str],
) -> None:
    for content in ("100% sure", "100 sure", "snake_case", "back\\slash", "for/ward"):
        world.message(community.channel_id, reader, content)
    page = read(client, reader, f"channels/{community.channel_id}/messages/search", q=text)
    assert [message["content"] for message in page["items"]] == found


def test_search_pages_from_the_newest_hit_and_skips_what_was_deleted(
    client: FlaskClient, world: World, community: Community, reader: Person
) -> None:
    hits = [world.message(community.channel_id, reader, f"fish {n}") for n in range(5)]
    world.message(community.channel_id, reader, "fish", deleted_at=World.soon(-1))
    world.message(world.channel(community), reader, "fish elsewhere")
    path = f"channels/{community.channel_id}/messages/search"
    page = read(client, reader, path, q="fish", limit=3)
    assert (ids(page), page["next"]) == (hits[:1:-1], hits[2])
    page = read(client, reader, path, q="fish", limit=3, before=page["next"])
    assert (ids(page), page["next"]) == (hits[1::-1], None)


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=" + "x" * 101, "q=a&limit=0"])
def test_a_search_for_nothing_or_too_much_is_refused(
    client: FlaskClient, community: Community, reader: Person, query: str
) -> None:
    answer = client.get(
        f"/api/v1/channels/{community.channel_id}/messages/search?{query}",
        headers=reader.headers,
    )
    assert answer.status_code == 422
