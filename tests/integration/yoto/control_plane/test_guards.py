"""Operators see the guards and act on them; their acts are felt in the product."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import resilience
from tests.integration.guards.conftest import say
from tests.support.applications import another_app
from tests.support.operators import ADMIN, OPERATE, RIGHTS, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.resilience import DegradationConfig, degradable

SENDING = "message.send"


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, *RIGHTS)


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def talker(world: World, community: Community) -> Person:
    return world.member(community)


def by_name(answer: Any) -> dict[tuple[str, str], Any]:
    assert answer.status_code == 200, answer.text
    return {(one["kind"], one["name"]): one for one in answer.json["items"]}


def test_a_name_that_nothing_defines_is_marked(app: Flask, operator: ControlClient) -> None:
    with app.app_context():
        resilience.rate_limiter("mesage.send").peek("somebody")
    wall = by_name(operator.get("/guards", kind="rate_limit"))
    assert (
        wall["rate_limit", "mesage.send"]["defined"],
        wall["rate_limit", SENDING]["defined"],
    ) == (
        False,
        True,
    )


def test_the_wall_shows_every_guard_of_the_code(operator: ControlClient) -> None:
    wall = by_name(operator.get("/guards", limit=100))
    assert {("circuit_breaker", "redis"), ("circuit_breaker", "database")} <= set(wall)
    breaker = wall["circuit_breaker", SENDING]
    assert (breaker["state"], breaker["scope"]) == ("closed", "fleet")
    assert breaker["breaker"]["failure_rate"] is None and breaker["breaker"]["operable"]
    assert wall["circuit_breaker", "redis"]["breaker"]["operable"] is False
    limiter = wall["rate_limit", SENDING]["limiter"]
    assert {one["name"]: one["limit"] for one in limiter["dimensions"]} == {
        "user+server": 60,
        "user": 120,
        "server": 1200,
    }
    bulkhead = wall["bulkhead", SENDING]
    assert (bulkhead["state"], bulkhead["bulkhead"]["held"], bulkhead["bulkhead"]["limit"]) == (
        "free",
        0,
        50,
    )
    assert len(bulkhead["spark"]["in_flight"]) == 60


def test_the_wall_is_read_in_slices_and_by_kind_state_and_name(operator: ControlClient) -> None:
    whole = list(by_name(operator.get("/guards", limit=100)))
    sliced, after = [], None
    while True:
        query = {"limit": 4} if after is None else {"limit": 4, "after": after}
        answer = operator.get("/guards", **query)
        sliced += list(by_name(answer))
        after = answer.json["next"]
        if after is None:
            break
    assert sliced == whole
    chosen = by_name(operator.get("/guards", kind="bulkhead", state="free", name="MESSAGE"))
    assert set(chosen) == {("bulkhead", SENDING), ("bulkhead", "message.search")}
    assert by_name(operator.get("/guards", kind="circuit_breaker", state="isolated")) == {}


def test_an_isolated_breaker_refuses_in_every_worker_until_its_expiry(
    app: Flask,
    app_config: dict[str, Any],
    tmp_path: Any,
    operator: ControlClient,
    community: Community,
    talker: Person,
    world: World,
) -> None:
    channel = community.channel_id
    with another_app(app_config, tmp_path / "other") as other:
        clients = [app.test_client(), other.test_client()]
        assert [say(client, talker, channel).status_code for client in clients] == [201, 201]
        shown = operator.post(f"/breakers/{SENDING}/isolate", expires_in=2.0).json
        assert shown["state"] == "isolated" and 0 < shown["breaker"]["ends_in"] <= 2
        forced = shown["breaker"]["forced"]
        assert (forced["state"], forced["reason"]) == ("isolated", WHY)
        assert forced["author"].startswith("user:") and forced["until"]
        for client in clients:
            refused = say(client, talker, channel)
            assert refused.status_code == 503
            assert refused.json["type"].endswith("circuit-isolated")
        for client in clients:
            wait_until(lambda client=client: say(client, talker, channel).status_code == 201)
    assert operator.get(f"/guards/circuit_breaker/{SENDING}").json["breaker"]["forced"] is None
    assert [act.reason for act in world.acts("resilience.config.set")] == [WHY]


def test_a_breaker_can_be_closed_by_force_and_reset(operator: ControlClient, world: World) -> None:
    path = "/breakers/message.search"
    for given, ends in (({}, True), ({"expires_in": None}, False)):
        shown = operator.post(f"{path}/close", **given).json
        assert shown["state"] == "disabled"
        assert bool(shown["breaker"]["forced"]["until"]) is ends
        assert operator.post(f"{path}/reset").json["state"] == "closed"
    assert len(world.acts("resilience.config.delete")) == 2


def test_what_somebody_used_is_forgotten_by_their_parts(
    app: Flask, operator: ControlClient, community: Community, talker: Person, world: World
) -> None:
    entry = operator.get(f"/config/rate_limit/{SENDING}")
    values = {"dimensions": {"user": {"limit": 2}}}
    lowered = operator.put(f"/config/rate_limit/{SENDING}", entry.headers["ETag"], values=values)
    assert lowered.status_code == 200, lowered.text
    client, channel = app.test_client(), community.channel_id
    answers = [say(client, talker, channel).status_code for _ in range(3)]
    assert answers == [201, 201, 429]
    (top,) = operator.get(f"/guards/rate_limit/{SENDING}").json["limiter"]["top"]["keys"]
    assert (top["user"], top["passed"], top["rejected"]) == (str(talker.id), 2, 1)
    done = operator.post(f"/limiters/{SENDING}/reset-key", user=str(talker.id))
    assert done.json == {"dimensions": ["user"], "complete": True}
    assert say(client, talker, channel).status_code == 201
    (act,) = world.acts("resilience.rate_limit.reset_key")
    assert act.reason == WHY and act.after["values"]["key"] == {"user": str(talker.id)}
    done = operator.post(f"/limiters/{SENDING}/reset-key", all=True)
    assert done.json == {"dimensions": ["user"], "complete": True}
    assert say(client, talker, channel).status_code == 201
    assert world.acts("resilience.rate_limit.reset_key")[-1].after["values"]["all_callers"]


def test_slots_of_workers_that_are_gone_come_back(app: Flask, operator: ControlClient) -> None:
    controller = resilience.of(app)
    bulkhead = controller.bulkhead("message.search")
    mine = bulkhead.acquire()
    assert bulkhead.remote.enter("", "gone-1-abc.f00.1.1", 8, 600.0)
    assert operator.get("/guards/bulkhead/message.search").json["bulkhead"]["held"] == 2
    assert operator.post("/bulkheads/message.search/release").json == {"released": 1}
    assert bulkhead.verify(mine) and mine.release()


def test_a_level_is_set_for_a_while_and_taken_back(app: Flask, operator: ControlClient) -> None:
    path = "/degradation/recommendations"
    resilience.of(app).define("recommendations", degradation=DegradationConfig())
    first = operator.get(path)
    assert (first.json["level"], first.headers["ETag"]) == ("none", '"0"')
    heavy = operator.post(f"{path}/level", level="heavy", expires_in=60)
    assert (heavy.json["sources"], heavy.json["live"]) == ({"operator": "heavy"}, True)
    body = {"reason": WHY, "level": "light"}
    late = operator.send("POST", f"{path}/level", body, If_Match='"0"')
    assert (late.status_code, late.headers["ETag"]) == (412, '"1"')
    assert {"*", "recommendations"} <= {
        one["name"] for one in operator.get("/degradation").json["items"]
    }
    assert operator.post(f"{path}/level", level=None).json["level"] == "none"
    assert operator.post(f"{path}/level", level=None).status_code == 422


def test_a_degradable_function_makes_its_feature_known(operator: ControlClient) -> None:
    assert operator.get("/degradation/a-test-of-names").status_code == 404
    degradable("a-test-of-names", static=None)(lambda: None)
    assert operator.post("/degradation/a-test-of-names/level", level="light").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/breakers/redis/isolate", {}, 422, "name"),
        ("/breakers/no.such/isolate", {}, 404, "name"),
        (f"/breakers/{SENDING}/isolate", {"expires_in": 0}, 422, "expires_in"),
        (f"/breakers/{SENDING}/isolate", {"reason": ""}, 422, "reason"),
        (f"/limiters/{SENDING}/reset-key", {}, 422, "user"),
        (f"/limiters/{SENDING}/reset-key", {"user": "1", "text": "x"}, 422, "user"),
        (f"/limiters/{SENDING}/reset-key", {"address": "192.0.2.1"}, 422, "key"),
        ("/limiters/no.such/reset-key", {"user": "1"}, 404, "name"),
        ("/bulkheads/no.such/release", {}, 404, "name"),
        ("/degradation/*/level", {"level": "total"}, 422, "level"),
        ("/degradation/no.such/level", {"level": "light"}, 404, "name"),
    ],
)
def test_a_wrong_act_names_its_field_and_does_nothing(
    operator: ControlClient,
    world: World,
    path: str,
    body: dict[str, Any],
    status: int,
    field: str,
) -> None:
    refused = operator.post(path, **body)
    assert (refused.status_code, list(refused.json["errors"])) == (status, [field]), refused.text
    assert world.acts("resilience.config.set") == []
    assert world.acts("resilience.rate_limit.reset_key") == []


@pytest.mark.parametrize("act", ["isolate", "close", "reset"])
def test_the_breaker_of_the_database_is_forced_by_administrators_alone(
    app: Flask, world: World, act: str
) -> None:
    operator = control_client(app, world, VIEW, OPERATE)
    refused = operator.post(f"/breakers/database/{act}")
    assert (refused.status_code, refused.json["permission"]) == (403, ADMIN)
    assert world.acts(f"breaker.{act}") == []
    admin = control_client(app, world, *RIGHTS, username="adam")
    assert admin.post("/breakers/database/reset").status_code == 200


def test_where_callers_are_is_for_who_may_know_about_others(
    app: Flask, operator: ControlClient, world: World
) -> None:
    for _ in range(2):
        operator.client.post("/api/v1/auth/login", json={"username": "ada", "password": "wrong"})
    resilience.of(app).trails.report()
    auditor = control_client(app, world, VIEW, "admin.audit", username="audrey")

    def addresses(who: ControlClient) -> set[str]:
        found = who.get("/guards/rate_limit/auth.sign-in").json["limiter"]["top"]["keys"]
        assert {use["user"] for use in found} & {"ada"} == set()
        return {use["address"] for use in found}

    assert (addresses(operator), addresses(auditor)) == ({"***"}, {"127.0.0.0/24"})


def test_who_may_look_may_not_act(app: Flask, world: World) -> None:
    viewer = control_client(app, world, VIEW)
    assert viewer.get("/guards").status_code == 200
    refused = viewer.post(f"/breakers/{SENDING}/isolate")
    assert (refused.status_code, refused.json["permission"]) == (403, OPERATE)


def test_two_guards_are_shown_side_by_side_with_what_differs(operator: ControlClient) -> None:
    first, second = f"circuit_breaker:{SENDING}", "circuit_breaker:database"
    operator.post(f"/breakers/{SENDING}/isolate")
    found = operator.get(f"/guards/{first}/diff/{second}").json
    assert (found["first"]["name"], found["second"]["name"]) == (SENDING, "database")
    differing = {one["field"]: (one["first"], one["second"]) for one in found["difference"]}
    assert differing["state"] == ("isolated", "closed")
    assert "kind" not in differing and "name" not in differing
    settings = [
        operator.get(f"/config/{one.replace(':', '/')}").json["values"] for one in (first, second)
    ]
    assert {name for name in differing if name.startswith("settings.")} == {
        f"settings.{name}" for name, value in settings[0].items() if value != settings[1][name]
    }
    assert operator.get(f"/guards/{second}/diff/{second}").json["difference"] == []
    other = operator.get(f"/guards/{first}/diff/rate_limit:{SENDING}").json["difference"]
    assert {"field": "limiter.algorithm", "first": None, "second": "token_bucket"} in other
    for wrong in (SENDING, "circuit_breaker:none", "switch:all"):
        assert operator.get(f"/guards/{first}/diff/{wrong}").status_code == 404
