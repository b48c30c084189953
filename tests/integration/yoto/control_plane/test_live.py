"""Status, statistics, events and instances in JSON, and the same from the terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from app.extensions import fleet, monitor, permissions
from tests.support.operators import RIGHTS, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.events import Events, TaskFinished, TaskProgressed
from yoto.moments import at_ms

# A type of events that the platform itself does not tell here, however busy the machine is.
OWN = "task.*"


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, *RIGHTS)


def run(app: Flask, *arguments: str, code: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=["control", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def publish(app: Flask, *names: str) -> list[str]:
    """Ids of events, one for each name, each a millisecond or more after the one before."""
    stream = Events.of(app).stream
    ids: list[str] = []
    for name in names:
        wait_until(lambda: not ids or now_ms(app) > int(ids[-1].partition("-")[0]))
        found = stream.publish(TaskProgressed(task_id="test", task="test", step=name))
        assert found is not None
        ids.append(found)
    return ids


def now_ms(app: Flask) -> int:
    from yoto.redis import RedisStore

    seconds, micro = RedisStore.of(app).client.time()
    return int(seconds * 1000 + micro // 1000)


def test_the_status_tells_each_part_with_its_age_and_the_detailed_one_every_server(
    app: Flask, operator: ControlClient
) -> None:
    fleet.of(app).start()
    wait_until(lambda: fleet.of(app).all())
    # Nobody has measured anything yet, so how everything does is not known.
    assert operator.get("/status").get_json()["overall"] == "unknown"
    for _ in range(2):  # from the first to the second one it has measured
        monitor.of(app).flush()
    wait_until(lambda: operator.get("/status").get_json()["overall"] == "ok")
    short, found = operator.get("/status").get_json(), operator.get("/status/detailed").get_json()
    parts = {part["name"]: part for part in found["components"]}
    assert found["overall"] == "ok"
    for name in ("database", "redis", "migrations", "policies", "invalidation_log", "instances"):
        assert parts[name]["state"] == "ok" and 0 <= parts[name]["age_ms"] < 5_000, name
    assert parts["instances"]["value"] == 1 and parts["sockets"]["limit"] == 1000
    assert parts["sockets"]["detail"] == "open in all workers, of which 1 live"
    assert any(name.startswith("redis:127.0.0.1") for name in parts)
    # Nobody used anything yet: that is unknown, and neither good nor bad.
    assert parts["health:errors"]["state"] == "unknown" and parts["health:errors"]["value"] is None
    assert [part["name"] for part in short["components"]] == [n for n in parts if ":" not in n]
    assert found["workers"][0]["answering"] is True and "workers" not in short
    assert short["maintenance"] == {"enabled": False, "reason": None, "until_ms": None}
    assert "overall" in run(app, "status")
    assert json.loads(run(app, "status", "--json"))["instances"]["live"] == 1


def test_what_is_down_is_told_as_failed_and_what_nobody_can_know_as_unknown(
    app: Flask, operator: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        from yoto.errors import StoreUnavailable

        raise StoreUnavailable("redis")

    monkeypatch.setattr("yoto.fleet.workers.Roster.all", away)
    monkeypatch.setattr("yoto.health.checks.get_redis_info", away)
    found = operator.get("/status").get_json()
    parts = {part["name"]: part["state"] for part in found["components"]}
    assert found["overall"] == "failed"
    assert (parts["redis"], parts["instances"], parts["database"]) == ("failed", "unknown", "ok")
    assert found["instances"] is None
    assert operator.get("/instances").status_code == 503


def test_performance_is_what_was_measured_and_null_where_nothing_was(
    app: Flask, operator: ControlClient
) -> None:
    current = monitor.of(app)
    current.flush()
    with app.app_context():
        for _ in range(20):
            permissions.check_permission(1, "platform.view")
    current.flush()
    since = {"from": at_ms(round((current.now() - 60) * 1000)).isoformat()}
    lately = lambda: operator.get("/stats/performance", **since).get_json()  # noqa: E731
    wait_until(lambda: sum(one["checks_allowed"] or 0 for one in lately()["points"]) >= 20)
    found = lately()
    assert (found["range"], found["resolution_s"], found["complete"]) == ("", 1, True)
    assert found["keys"]["checks_allowed"] == {"unit": "per_second"}
    point = found["points"][-1]
    assert point.keys() == {"at", *found["keys"]} and point["at"] % 1000 == 0
    assert point["checks_unknown"] == 0
    for name, step in (("10m", 5), ("6h", 120), ("7d", 3600)):
        other = operator.get("/stats/performance", range=name).get_json()
        assert (other["range"], other["resolution_s"]) == (name, step)
        assert all(one["at"] % (step * 1000) == 0 for one in other["points"])
    backwards = operator.get("/stats/performance", **since, to="2020-01-01T00:00:00Z")
    assert (backwards.status_code, list(backwards.get_json()["errors"])) == (422, ["to"])
    refused = operator.get("/stats/performance", range="1y")
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["range"])


def test_acts_of_operators_are_marked_and_denials_broken_down(
    app: Flask, operator: ControlClient, world: World
) -> None:
    path = "/alerts/silences"
    assert operator.post(path, rule="*", seconds=60).status_code == 201
    found = operator.get("/stats/marks").get_json()
    (mark,) = (one for one in found["items"] if one["what"] == "alert.silence")
    assert mark["kind"] == "act" and mark["by"].startswith("user:")
    assert found["unknown"] == []
    ahead = operator.get(
        "/stats/marks", **{"from": "2999-01-01T00:00:00Z", "to": "2999-01-02T00:00:00Z"}
    )
    assert ahead.get_json() == {"items": [], "unknown": []}
    found = operator.get("/stats/breakdown").get_json()
    assert found["complete"] is True and found["rejections"] == []


def test_statistics_of_cache_monitor_and_guards(app: Flask, operator: ControlClient) -> None:
    cache = operator.get("/stats/cache").get_json()
    assert cache["here"]["counts"]["loads"] >= 1 and cache["last_minute"]["complete"] is True
    measuring = operator.get("/stats/monitor").get_json()
    assert measuring["backend"]["name"] == "redis"
    assert measuring["backend"].keys() == {
        *("name", "available", "detail", "waiting", "lost_seconds", "failures", "behind")
    }
    guards = operator.get("/stats/resilience").get_json()
    assert {"guards", "bulkheads", "breakers", "store"} <= guards.keys()


def test_events_go_back_in_time_and_on_from_an_id(app: Flask, operator: ControlClient) -> None:
    ids = publish(app, *"abcde")
    newest = operator.get("/events", limit=2, types=OWN).get_json()
    assert [one["data"]["step"] for one in newest["items"]] == ["e", "d"]
    older = operator.get("/events", limit=2, types=OWN, after=newest["next"]).get_json()
    last = operator.get("/events", limit=2, types=OWN, after=older["next"]).get_json()
    assert [one["id"] for one in (*older["items"], *last["items"])] == [ids[2], ids[1], ids[0]]
    assert last["next"] is None
    on = operator.get("/events", limit=3, types=OWN, after=ids[0]).get_json()
    assert [one["id"] for one in on["items"]] == ids[1:4]
    rest = operator.get("/events", types=OWN, after=on["next"]).get_json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (ids[4:], None)
    at = on["items"][0]["at"]
    span = {"types": OWN, "from": at, "to": on["items"][2]["at"]}
    assert [one["id"] for one in operator.get("/events", **span).get_json()["items"]] == [
        ids[2],
        ids[1],
    ]
    assert operator.get("/events/export", **span).get_json() == on["items"][:2]
    shown = json.loads(run(app, "events", "--json", "--type", OWN, "--after", ids[2]))
    assert [one["id"] for one in shown["items"]] == ids[3:]
    assert run(app, "events", "--type", OWN, "--limit", "1").startswith(ids[4])
    assert len(json.loads(run(app, "events", "--type", OWN, "--export"))) == 5


def test_events_are_chosen_by_type(app: Flask, operator: ControlClient) -> None:
    publish(app, "a")
    ended = TaskFinished(task_id="test", task="test", success=True, seconds=1.0)
    Events.of(app).stream.publish(ended)

    def kinds(types: str) -> list[str]:
        found = operator.get("/events", types=types).get_json()["items"]
        return [one["type"] for one in found]

    assert kinds("task.*") == ["task.finished", "task.progress"]
    assert kinds("task.progress,alert.*") == ["task.progress"]
    assert kinds("alert.raised") == []
    for bad, field in (
        ({"types": "Store!"}, "types"),
        ({"after": "x"}, "after"),
        ({"limit": 0}, "limit"),
        ({"from": -1}, "from"),
    ):
        answer = operator.get("/events", **bad)
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_clearing_is_audited_told_and_leaves_what_came_after(
    app: Flask, operator: ControlClient, world: World
) -> None:
    ids = publish(app, *"abcd")
    assert operator.post("/events/clear", up_to="99999999999999-0").status_code == 422
    answer = operator.post("/events/clear", up_to=ids[1]).get_json()
    assert answer["up_to"] == ids[1] and answer["removed"] >= 2
    items = operator.get("/events", types=f"events.*,{OWN}").get_json()["items"]
    assert [one["type"] for one in items] == ["events.cleared", "task.progress", "task.progress"]
    assert items[0]["data"]["removed"] == answer["removed"]
    assert [act.after["up_to"] for act in world.acts("events.clear")] == [ids[1]]
    assert "removed" in run(app, "clear-events", "--reason", "a test")
    left = operator.get("/events", types=f"events.*,{OWN}").get_json()["items"]
    assert [one["type"] for one in left][:1] == ["events.cleared"] and len(left) <= 2
    assert world.acts("events.clear")[-1].reason == "a test"


def test_instances_are_listed_and_unknown_ones_cannot_be_steered(
    app: Flask, operator: ControlClient, world: World
) -> None:
    assert operator.get("/instances").get_json()["items"] == []
    service = fleet.of(app)
    service.start()
    wait_until(service.all)
    (item,) = operator.get("/instances").get_json()["items"]
    assert (item["id"], item["state"], item["answering"]) == (service.id, "live", True)
    assert item["version"] and item["threads"] > 0 and item["heard_ms"] < 10_000
    assert item["async_mode"] == app.config["ASYNC_MODE"]
    for path in ("drain", "resume"):
        missing = operator.post(f"/instances/nobody-1-ab/{path}")
        assert (missing.status_code, list(missing.get_json()["errors"])) == (404, ["id"])
    for seconds in (1, 10**6, "long"):
        refused = operator.post(f"/instances/{service.id}/drain", seconds=seconds)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["seconds"])
    assert world.acts("instance.drain") == []
    why = ("--reason", "a new kernel")
    assert "drains" in run(app, "drain", service.id, "--for", "1m", *why)
    assert service.draining is not None and service.draining.reason == "a new kernel"
    assert "draining" in run(app, "instances")
    assert "takes what comes" in run(app, "resume", service.id, *why)
    assert service.draining is None
    assert "no instance" in run(app, "drain", "nobody-1-ab", *why, code=1)
    service.close()
    assert operator.get("/instances").get_json()["items"][0]["state"] == "ended"
