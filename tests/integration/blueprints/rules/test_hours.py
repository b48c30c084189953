"""Hours in the rules of servers and channels: those that never come are refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.world import Community, World

API = "/api/v1"
EVENING = {"days": ["mon", "tue"], "from": "18:00", "to": "23:30"}
# A fault of a window, and the field that the answer names.
REFUSED = [
    ({"from": "08:00x"}, "from"),
    ({"from": "08:00:00"}, "from"),
    ({"from": "08:00\n"}, "from"),
    ({"from": "8:00"}, "from"),
    ({"from": "24:01"}, "from"),
    ({"from": "24:00", "to": "08:00"}, "from"),
    ({"to": "24:00x"}, "to"),
    ({"to": "23:300"}, "to"),
    ({"to": "23:60"}, "to"),
    ({"to": "18:00"}, "to"),
    ({"from": "00:00", "to": "00:00"}, "to"),
    ({"days": []}, "days"),
    ({"days": ["monday"]}, "days"),
]


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


def set_hours(client: FlaskClient, harbour: Community, place: str, hours: Any) -> Any:
    """The owner says when their server may be managed, or when messages may be sent."""
    if place == "server":
        path = f"{API}/servers/{harbour.id}/rules"
        rules = {
            "time_zone": "UTC",
            "access_hours": hours,
            "blocked_networks": [],
            "device_required": False,
        }
    else:
        path = f"{API}/channels/{harbour.channel_id}/rules"
        rules = {"sensitivity": 0, "hours": hours}
    return client.put(path, headers=harbour.owner.headers, json=rules)


@pytest.mark.parametrize("place", ["server", "channel"])
@pytest.mark.parametrize(("wrong", "field"), REFUSED, ids=str)
def test_hours_that_never_come_are_refused_and_named(
    client: FlaskClient, harbour: Community, place: str, wrong: dict[str, Any], field: str
) -> None:
    answer = set_hours(client, harbour, place, EVENING | wrong)
    assert answer.status_code == 422, answer.text
    hours = "access_hours" if place == "server" else "hours"
    [named] = answer.get_json()["errors"]
    assert named.removesuffix(".0") == f"{hours}.{field}"
    # Nothing changed: the owner still comes in, and there are no hours.
    path = f"{API}/{place}s/{harbour.id if place == 'server' else harbour.channel_id}/rules"
    assert client.get(path, headers=harbour.owner.headers).get_json()[hours] is None


@pytest.mark.parametrize("place", ["server", "channel"])
@pytest.mark.parametrize(
    "times", [("00:00", "24:00"), ("08:30", "18:00"), ("22:00", "06:00"), ("18:00", "00:00")]
)
def test_hours_within_a_day_and_over_midnight_are_kept_as_they_were_given(
    client: FlaskClient, harbour: Community, place: str, times: tuple[str, str]
) -> None:
    begin, end = times
    hours = {"days": ["mon", "sun"], "from": begin, "to": end}
    answer = set_hours(client, harbour, place, hours)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["access_hours" if place == "server" else "hours"] == hours
