"""One's own behaviour, predictions and snapshots over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions, prefetch
from tests.support.prefetching import by_hand, turn
from tests.support.world import Community, Person, World

API = "/api/v1"
OPEN_3 = {"action": "channel.open", "scope": "channel", "scope_id": 3, "seconds_ago": 10}
OPEN_4 = {"action": "channel.open", "scope": "channel", "scope_id": 4}


@pytest.fixture
def person(world: World) -> Person:
    return world.user()


def tell(client: FlaskClient, person: Person, *items: Any) -> Any:
    return client.post(f"{API}/behaviour", headers=person.headers, json={"items": list(items)})


def predicted(client: FlaskClient, person: Person, query: str = "") -> list[Any]:
    answer = client.get(f"{API}/behaviour/predictions{query}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["items"])


def test_what_a_client_tells_is_predicted_to_its_user_alone(
    app: Flask, client: FlaskClient, world: World, person: Person
) -> None:
    service = by_hand(app)
    for _ in range(4):
        answer = tell(client, person, OPEN_3, OPEN_4)
        assert (answer.status_code, answer.get_json()) == (202, {"recorded": 2})
        turn(service)
    likeliest = predicted(client, person)[0]
    assert (likeliest["action"], likeliest["scope_id"]) == ("channel.open", 3)
    assert len(predicted(client, person, "?limit=1")) == 1
    assert predicted(client, world.user()) == []


def test_forgetting_oneself_leaves_nothing(app: Flask, client: FlaskClient, person: Person) -> None:
    service = by_hand(app)
    tell(client, person, OPEN_3, OPEN_4)
    turn(service)
    assert predicted(client, person)
    assert client.delete(f"{API}/behaviour", headers=person.headers).status_code == 204
    turn(service)
    assert predicted(client, person) == []


def test_nobody_has_the_whole_log_searched_again_and_again(
    app: Flask, client: FlaskClient, person: Person
) -> None:
    by_hand(app)
    statuses = [
        client.delete(f"{API}/behaviour", headers=person.headers).status_code for _ in range(6)
    ]
    assert statuses == [204] * 5 + [429]


NO_DEEDS: list[dict[str, Any]] = [
    {"action": "Channel Open", "scope": "global"},
    {"action": "x" * 129, "scope": "global"},
    {"action": "channel.open", "scope": "galaxy", "scope_id": 1},
    {"action": "channel.open", "scope": "channel"},
    {"action": "channel.open", "scope": "global", "scope_id": 3},
    {"action": "channel.open", "scope": "channel", "scope_id": 0},
    {"action": "channel.open", "scope": "channel", "scope_id": "3"},
    OPEN_3 | {"seconds_ago": -1},
    OPEN_3 | {"seconds_ago": 3_601},
    OPEN_3 | {"user_id": 1},
]


def test_one_that_is_no_deed_is_refused_with_all_the_others(
    app: Flask, client: FlaskClient, person: Person
) -> None:
    service = by_hand(app)
    for item in NO_DEEDS:
        answer = tell(client, person, OPEN_3, item)
        assert answer.status_code == 422, item
        assert answer.get_json()["errors"], item
    assert len(service.recorder) == 0


def test_too_many_at_once_and_too_often_are_refused(
    app: Flask, client: FlaskClient, person: Person
) -> None:
    by_hand(app)
    assert tell(client, person, *[OPEN_3] * 51).status_code == 422
    statuses = [tell(client, person, OPEN_3).status_code for _ in range(60)]
    assert 429 in statuses and statuses[0] == 202


def test_where_behaviour_is_not_recorded_the_answer_says_so(
    client: FlaskClient, person: Person
) -> None:
    assert tell(client, person, OPEN_3).get_json() == {"recorded": 0}


def test_a_snapshot_says_what_the_checks_say(app: Flask, client: FlaskClient, world: World) -> None:
    harbour = world.server()
    member = world.member(harbour)
    answer = snapshot(client, member, harbour)
    assert answer.status_code == 200, answer.text
    taken = answer.get_json()
    names = client.get(
        f"{API}/permissions/me?scope=channel&scope_id={harbour.channel_id}",
        headers=member.headers,
    ).get_json()["permissions"]
    assert taken["places"][0]["permissions"] == names
    assert taken["places"][1] == {"scope": "global", "scope_id": None, "permissions": []}
    assert taken["user_id"] == member.id and 0 < taken["expires_in"] <= 60
    assert prefetch.of(app).client.read(taken["token"]).user_id == member.id


def test_a_snapshot_lets_nobody_in(app: Flask, client: FlaskClient, world: World) -> None:
    """Not as a token, and not after what it says has been taken away."""
    harbour = world.server()
    token = snapshot(client, harbour.owner, harbour).get_json()["token"]
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"X-Permission-Snapshot": token},
        {"Cookie": f"yoto_session={token}"},
    ):
        answer = client.get(f"{API}/channels/{harbour.channel_id}/messages", headers=headers)
        assert answer.status_code == 401
    member = world.member(harbour)
    token = snapshot(client, member, harbour).get_json()["token"]
    world.overwrite(channel=harbour.channel_id, user=member, deny=["channel.read"])
    with app.app_context():
        permissions.invalidate_all()
    answer = client.get(
        f"{API}/channels/{harbour.channel_id}/messages",
        headers=member.headers | {"X-Permission-Snapshot": token},
    )
    assert answer.status_code == 404


def test_a_snapshot_of_what_does_not_exist_is_refused(client: FlaskClient, person: Person) -> None:
    places = [{"scope": "channel", "scope_id": 999}]
    answer = client.post(
        f"{API}/permissions/snapshot", headers=person.headers, json={"places": places}
    )
    assert answer.status_code == 404


def snapshot(client: FlaskClient, person: Person, harbour: Community) -> Any:
    places = [{"scope": "channel", "scope_id": harbour.channel_id}, {"scope": "global"}]
    return client.post(
        f"{API}/permissions/snapshot", headers=person.headers, json={"places": places}
    )
