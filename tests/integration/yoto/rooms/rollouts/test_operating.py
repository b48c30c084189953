"""Operators let one of two workers try a limit before both have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import events, resilience
from tests.integration.yoto.control_plane.test_guards import SENDING, say
from tests.support.applications import another_app
from tests.support.operators import OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World

PATH = f"/rollouts/rate_limit/{SENDING}"
LIMIT = f"/config/rate_limit/{SENDING}"
TIGHT = {"limit": 3, "window": 3600, "dimensions": {"user": {}}}


@pytest.fixture
def ada(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, OPERATE, "admin.audit")


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def talker(world: World, community: Community) -> Person:
    return world.member(community)


@pytest.fixture
def other(app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    with another_app(app_config, tmp_path / "other") as made:
        resilience.of(made).start()
        yield made


def statuses(client: FlaskClient, talker: Person, community: Community, n: int) -> list[int]:
    return [say(client, talker, community.channel_id).status_code for _ in range(n)]


def test_a_limit_holds_in_one_worker_and_is_taken_back_where_it_refuses_too_much(
    app: Flask,
    other: Flask,
    ada: ControlClient,
    community: Community,
    talker: Person,
    world: World,
) -> None:
    here, there = app.test_client(), other.test_client()
    assert statuses(here, talker, community, 1) + statuses(there, talker, community, 1) == [201] * 2
    worker = events.of(app).instance_id
    begun = ada.post(PATH, values=TIGHT, worker=worker, seconds=300, minimum_calls=5)
    assert begun.status_code == 200, begun.text
    assert (begun.json["worker"], begun.json["values"]) == (worker, TIGHT)
    assert ada.get("/rollouts").json["items"] == [begun.json]
    [override] = ada.get("/overrides").json["overrides"]
    assert (override["kind"], override["where"]) == (
        "rollout",
        f"guards?guard=rate_limit:{SENDING}",
    )
    wait_until(lambda: 429 in statuses(here, talker, community, 1), what="the worker to refuse")
    assert statuses(there, talker, community, 1) == [201]
    assert ada.get(f"/config/rate_limit/{SENDING}").json["override"] is None

    def refused_until_taken_back() -> bool:
        statuses(here, talker, community, 2)
        return not ada.get("/rollouts").json["items"]

    wait_until(refused_until_taken_back, what="the worker to take it back")
    wait_until(lambda: statuses(here, talker, community, 1) == [201])
    [ended] = ada.get("/audit", subject=f"rollout:rate_limit:{SENDING}", limit=1).json["items"]
    assert ended["reason"].startswith("taken back: ") and "rejected" in ended["reason"]


def test_an_operator_gives_it_to_all_or_takes_it_back(
    app: Flask, ada: ControlClient, other: Flask, community: Community, talker: Person
) -> None:
    statuses(app.test_client(), talker, community, 1)
    worker = events.of(app).instance_id
    assert ada.post(PATH, values=TIGHT, worker=worker).status_code == 200
    again = ada.post(PATH, values=TIGHT, worker=worker)
    assert (again.status_code, list(again.json["errors"])) == (422, ["name"])
    assert ada.post(f"{PATH}/end").json == {"live": True}
    assert ada.post(f"{PATH}/end").status_code == 404
    assert ada.post(PATH, values=TIGHT, worker=worker).status_code == 200
    assert ada.post(f"{PATH}/promote").json == {"live": True}
    entry = ada.get(f"/config/rate_limit/{SENDING}").json
    assert (entry["override"]["values"]["limit"], entry["override"]["reason"]) == (3, WHY)
    client = other.test_client()
    wait_until(lambda: 429 in statuses(client, talker, community, 1), what="the other to follow")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (PATH, {"values": {"limit": -1}}, 422),
        (PATH, {"values": TIGHT, "worker": "nobody"}, 422),
        (PATH, {"values": TIGHT, "max_rejected": 2}, 422),
        ("/rollouts/rate_limit/nothing-is-called-so", {"values": TIGHT}, 404),
        ("/rollouts/switch/x", {"values": {}}, 422),
        # The state of a breaker, and the counts of a window, are those of all workers.
        (f"/rollouts/circuit_breaker/{SENDING}", {"values": {"minimum_calls": 5}}, 422),
        (PATH, {"values": {"window": 0.5}}, 422),
    ],
)
def test_what_cannot_be_tried_is_refused(
    app: Flask, ada: ControlClient, path: str, body: dict[str, Any], status: int
) -> None:
    resilience.of(app).start()
    body = {"worker": events.of(app).instance_id, **body}
    assert ada.post(path, **body).status_code == status
    assert ada.get("/rollouts").json["items"] == []


def test_going_back_to_the_defaults_is_tried_and_given_to_all(
    app: Flask, ada: ControlClient
) -> None:
    resilience.of(app).start()
    assert ada.put(f"/config/rate_limit/{SENDING}", '"0"', values={"limit": 7}).status_code == 200
    begun = ada.post(PATH, worker=events.of(app).instance_id, values={}, seconds=300)
    assert begun.status_code == 200, begun.text

    assert ada.post(f"{PATH}/promote").status_code == 200

    assert ada.get("/rollouts").json["items"] == []
    assert ada.get(f"/config/rate_limit/{SENDING}").json["override"] is None


def test_who_was_slower_than_another_operator_sees_all_three_sides(
    app: Flask, ada: ControlClient
) -> None:
    resilience.of(app).start()
    worker, entry = events.of(app).instance_id, f"/config/rate_limit/{SENDING}"
    tried = {"worker": worker, "values": {"limit": 5}, "reason": WHY}
    assert ada.put(entry, '"0"', values={"limit": 7}).status_code == 200
    late = ada.send("POST", PATH, tried, If_Match='"0"')
    side = {"field": "limit", "base": None, "theirs": 7, "yours": 5}
    assert (late.status_code, late.json["difference"]) == (412, [side])
    assert late.json["current"]["override"]["values"] == {"limit": 7}
    assert ada.send("POST", PATH, tried, If_Match='"1"').status_code == 200
    # Neither is what is tried given to all over a change of somebody else.
    assert ada.put(entry, '"1"', values={"limit": 9}).status_code == 200
    late = ada.post(f"{PATH}/promote")
    side = {"field": "limit", "base": 7, "theirs": 9, "yours": 5}
    assert (late.status_code, late.json["difference"]) == (409, [side])
    assert ada.post(f"{PATH}/end").status_code == 200


def test_a_dry_run_tells_of_real_calls_and_changes_nothing(
    app: Flask, ada: ControlClient, community: Community, talker: Person
) -> None:
    nothing = ada.send("POST", f"{LIMIT}/dry-run", {"values": {}}).json
    assert (nothing["calls"], nothing["caveats"][0]) == (0, "no_traffic")
    client = app.test_client()
    for _ in range(6):
        assert say(client, talker, community.channel_id).status_code == 201
    values = {"dimensions": {"user": {"limit": 2}}}
    tried = ada.send("POST", f"{LIMIT}/dry-run", {"values": values}).json
    assert (tried["calls"], tried["really_rejected"], tried["workers"]) == (6, 0, 1)
    assert tried["candidate"]["rejected"] == 4 and tried["in_force"]["rejected"] == 0
    assert tried["candidate"]["by"] == {"user": 4}
    assert tried["caveats"] == ["shorter_than_window"]
    slots = ada.send(
        "POST", "/config/bulkhead/message.send/dry-run", {"values": {"max_concurrent": 0}}
    ).json
    assert (slots["calls"], slots["candidate"]["rejected"]) == (6, 6)
    breaker = ada.send(
        "POST",
        "/config/circuit_breaker/message.send/dry-run",
        {"values": {"slow_call_duration": 0.001, "slow_call_rate_threshold": 1}},
    ).json
    assert breaker["calls"] == 6 and breaker["candidate"]["opened"] == 1
    assert ada.get(LIMIT).json["version"] == 0
    refused = ada.send("POST", "/config/switch/x/dry-run", {"values": {"enabled": True}})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["kind"])
