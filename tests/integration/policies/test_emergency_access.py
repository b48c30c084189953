"""Emergency access, through the API: for a reason, for a time, on the record."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.policies.conftest import API, Put, acts, administer, codes, never
from tests.support.world import Person, World

ACCESS = f"{API}/emergency-access"
REASON = "the bridge is out and nobody answers"


@pytest.fixture
def outside_hours(put: Put) -> None:
    """Nobody administers now."""
    hours = {"admin.*": never() | {"time_zone": "UTC"}}
    put("hours", {"business": hours, "access": [], "posting": []})


@pytest.fixture
def warden(world: World) -> Person:
    """An administrator who may break the glass."""
    person = world.user("warden")
    world.assign(person, world.role(None, "admin.users", "platform.emergency", position=3))
    return person


def take(client: FlaskClient, person: Person, **changed: Any) -> Any:
    body = {"reason": REASON, "minutes": 30} | changed
    return client.post(ACCESS, headers=person.headers, json=body)


@pytest.mark.usefixtures("outside_hours")
def test_it_lets_past_business_hours_until_it_is_ended(client: FlaskClient, warden: Person) -> None:
    assert codes(administer(client, warden)) == ["outside_business_hours"]
    taken = take(client, warden)
    assert taken.status_code == 201
    assert administer(client, warden).status_code == 200
    ended = client.delete(f"{ACCESS}/{taken.get_json()['id']}", headers=warden.headers)
    assert ended.get_json()["ended_at"] is not None
    assert codes(administer(client, warden)) == ["outside_business_hours"]


@pytest.mark.usefixtures("outside_hours")
def test_taking_it_and_each_use_is_audited(
    client: FlaskClient, world: World, warden: Person
) -> None:
    take(client, warden)
    administer(client, warden)
    administer(client, warden)
    taken, *uses = acts(world, "emergency_access.")
    assert (taken[0], taken[-1]) == ("emergency_access.take", REASON)
    use = {"permission": "admin.users", "scope": "global"}
    assert uses == [("emergency_access.use", warden.id, None, use, None)] * 2


@pytest.mark.usefixtures("outside_hours")
def test_one_persons_access_is_nobody_elses(
    client: FlaskClient, world: World, warden: Person, root: Person
) -> None:
    take(client, warden)
    assert codes(administer(client, root)) == ["outside_business_hours"]


def test_it_takes_a_right(client: FlaskClient, world: World) -> None:
    assert take(client, world.user()).status_code == 403


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "          "}, "reason"),
        ({"reason": "test"}, "reason"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 61}, "minutes"),
        ({"minutes": "30"}, "minutes"),
    ],
)
def test_it_takes_a_reason_and_an_end(
    client: FlaskClient, warden: Person, changed: dict[str, Any], field: str
) -> None:
    answer = take(client, warden, **changed)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]
    assert client.get(ACCESS, headers=warden.headers).get_json() == {"items": []}


def test_who_took_it_is_shown(client: FlaskClient, warden: Person, root: Person) -> None:
    take(client, warden)
    [shown] = client.get(ACCESS, headers=root.headers).get_json()["items"]
    assert (shown["user_id"], shown["reason"]) == (warden.id, REASON)
