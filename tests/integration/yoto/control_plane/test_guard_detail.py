"""One guard over time, and its callers one by one."""

from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import monitor
from tests.integration.guards.conftest import say
from tests.support.operators import RIGHTS, VIEW, ControlClient, control_client
from tests.support.world import World

SENDING = "message.send"


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, *RIGHTS, "admin.audit")


def test_callers_are_told_apart_over_the_last_minutes_and_networks_are_hidden(
    app: Flask, world: World, operator: ControlClient
) -> None:
    server = world.server()
    loud, quiet = world.member(server), world.member(server)
    entry = operator.get(f"/config/rate_limit/{SENDING}")
    values = {"dimensions": {"user": {"limit": 2}}}
    lowered = operator.put(f"/config/rate_limit/{SENDING}", entry.headers["ETag"], values=values)
    assert lowered.status_code == 200, lowered.text
    client = app.test_client()
    assert [say(client, loud, server.channel_id).status_code for _ in range(3)] == [201, 201, 429]
    assert say(client, quiet, server.channel_id).status_code == 201
    found = operator.get(f"/guards/rate_limit/{SENDING}/callers").json
    assert (found["complete"], found["step"]) == (True, 10)
    first, second = found["items"]
    assert (first["user"], first["passed"], first["rejected"]) == (str(loud.id), 2, 1)
    assert (second["user"], second["passed"], second["rejected"]) == (str(quiet.id), 1, 0)
    for one in (first, second):
        assert sum(one["passed_each"]) == one["passed"]
        assert sum(one["rejected_each"]) == one["rejected"]
        assert len(one["passed_each"]) == len(one["rejected_each"]) >= 1
    signed_in = client.post("/api/v1/auth/login", json={"username": "nobody", "password": "x" * 9})
    assert signed_in.status_code == 401
    [by_network] = [
        one
        for one in operator.get("/guards/rate_limit/auth.sign-in/callers").json["items"]
        if one["address"] is not None
    ]
    assert by_network["address"].startswith("127.0.0.")
    viewer = control_client(app, world, VIEW, username="vera")
    items = viewer.get("/guards/rate_limit/auth.sign-in/callers").json["items"]
    assert {one["address"] for one in items} <= {None, "***"}


def test_a_guard_is_drawn_over_each_range_and_only_what_was_recorded_of_it_counts(
    app: Flask, world: World, operator: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = world.server()
    assert say(app.test_client(), server.owner, server.channel_id).status_code == 201
    watching = monitor.of(app)
    watching.flush()
    # Steps that are not over are left out: they would look like a fall.
    later = watching.now() + 1000
    monkeypatch.setattr(type(watching), "now", lambda _: later)
    for span, step in (("10m", 10), ("6h", 60), ("7d", 900)):
        found = operator.get(f"/guards/rate_limit/{SENDING}/history", range=span).json
        assert (found["range"], found["step"]) == (span, step)
        if span == "6h":
            points = found["points"]
    assert sum(one["passes"] for one in points) * 60 == pytest.approx(1)
    assert {one["in_flight"] for one in points} == {None}
    held = operator.get(f"/guards/bulkhead/{SENDING}/history", range="6h").json["points"]
    assert [one["at"] for one in held] == [one["at"] for one in points]
    other = operator.get("/guards/rate_limit/member.rename-self/history", range="6h").json["points"]
    assert {one["passes"] for one in other} == {0}
    answer = operator.get(f"/guards/rate_limit/{SENDING}/history", range="1y")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["range"])


@pytest.mark.parametrize(
    "path",
    [
        "/guards/rate_limit/no.such/history",
        "/guards/switch/message.send/history",
        "/guards/rate_limit/no.such/callers",
        "/guards/bulkhead/message.send/callers",
    ],
)
def test_what_is_no_such_guard_is_not_found(operator: ControlClient, path: str) -> None:
    assert operator.get(path).status_code == 404
