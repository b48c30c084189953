"""Operators look at the cache, invalidate, and warm up."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask

from app.extensions import cache, events, monitor, optimization, permissions
from tests.support import papers
from tests.support.operators import OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.cache import place_key
from yoto.permission import Application, Everyone, Team
from yoto.rooms.warm_up.preloading import Preloading

CACHE = "/cache"


@pytest.fixture
def operator(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, OPERATE)


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community)


def tier_of(app: Flask, person: Person, community: Community) -> str:
    """The tier that answers when a member asks whether they may read in the channel."""
    with app.app_context():
        decision = permissions.decide(person.id, "channel.read", "channel", community.channel_id)
    assert decision.allowed
    return str(decision.tier)


def test_the_picture_has_tiers_memory_and_every_worker(
    app: Flask, operator: ControlClient, member: Person, community: Community
) -> None:
    assert tier_of(app, member, community) == "db"
    assert tier_of(app, member, community) == "l1"
    monitor.of(app).flush()
    shown = operator.get(CACHE).json
    tiers = {tier["tier"]: tier for tier in shown["tiers"]}
    assert tiers["l1"]["hits"] >= 1 and 0 < tiers["l1"]["hit_rate"] < 1
    assert tiers["db"]["hits"] >= 1 and shown["events"]["stampedes_avoided"] == 0
    stores = {store["kind"]: store for store in shown["stores"]}
    assert stores["users"]["keys"] >= 1
    assert stores["users"]["capacity"] == cache.of(app).settings.users.size
    (worker,) = shown["workers"]
    assert worker["id"] == shown["instance"] == events.of(app).instance_id
    assert (worker["state"], worker["age_s"]) == ("following", 0)
    wait_until(lambda: operator.get(CACHE).json["workers"][0]["behind"] == 0)


def test_who_has_not_been_heard_is_unknown(
    app: Flask, operator: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yoto.monitor import names, series
    from yoto.monitor.backends import WorkerState, WorkerStatus
    from yoto.monitor.monitoring import Monitoring

    def other(name: str, state: WorkerState, silent_for: float, **gauges: float) -> WorkerStatus:
        known = {series(getattr(names, key)): value for key, value in gauges.items()}
        return WorkerStatus(f"host-{name}", "host", 7, state, silent_for, 0.0, known)

    bound = app.config["MAX_STALENESS"]
    told = [
        other("well", WorkerState.ALIVE, bound - 0.3, LOG_SILENCE=0.2, LOG_APPLIED=1.0),
        other("cut", WorkerState.ALIVE, 1.0, LOG_SILENCE=30.0),
        other("late", WorkerState.ALIVE, bound - 0.1, LOG_SILENCE=0.2, LOG_APPLIED=1.0),
        other("new", WorkerState.ALIVE, 1.0),
        other("killed", WorkerState.SILENT, 90.0, LOG_SILENCE=0.2, LOG_APPLIED=1.0),
        other("long-gone", WorkerState.SILENT, 9_000.0),
        other("over", WorkerState.ENDED, 1.0),
    ]
    monkeypatch.setattr(Monitoring, "workers", lambda self: told)
    cache.of(app).start(30)
    workers = {one["id"]: one for one in operator.get(CACHE).json["workers"]}
    states = {name: one["state"] for name, one in workers.items() if name.startswith("host-")}
    assert states == {
        "host-well": "following",
        "host-cut": "cut_off",
        "host-late": "unknown",
        "host-new": "unknown",
        "host-killed": "unknown",
    }
    assert workers["host-well"]["behind"] > 0 and workers["host-new"]["behind"] is None
    assert workers["host-killed"]["age_s"] == 90


def test_what_an_invalidation_would_hit_is_counted_and_stays(
    app: Flask, operator: ControlClient, member: Person, community: Community, world: World
) -> None:
    tier_of(app, member, community)

    def preview(kind: str, id: int | None) -> Any:
        answer = operator.send("POST", f"{CACHE}/invalidate/preview", {"kind": kind, "id": id})
        assert answer.status_code == 200, answer.json
        return answer.json

    wait_until(lambda: preview("user", member.id)["redis_entries"] == 1)
    hit = preview("user", member.id)
    assert hit["subject"] == f"user:{member.id}" and hit["name"] == member.username
    assert (hit["memory"]["users"], hit["memory"]["entries"]) == (1, 1)
    assert hit["people"] == {"count": 1, "exact": True}
    for kind, target, exact in (
        ("role", community.everyone_id, False),
        ("server", community.id, False),
        ("channel", community.channel_id, False),
    ):
        hit = preview(kind, target)
        assert hit["memory"]["entries"] == 1 and hit["redis_entries"] is None, kind
        assert hit["people"] == {"count": 2, "exact": exact}, kind
    assert tier_of(app, member, community) == "l1" and world.acts("cache.invalidate") == []
    parent = world.role(community, name="parent")
    child = world.role(community, name="child", parent_id=parent)
    world.assign(member, child)
    assert preview("role", parent)["people"] == {"count": 1, "exact": True}
    nothing = preview("role", 10**6)
    assert nothing["name"] is None and nothing["people"]["count"] == 0
    assert preview("all", None)["people"]["exact"] is True


@pytest.mark.parametrize("kind", ["user", "role", "server", "channel", "all"])
def test_after_an_invalidation_the_database_answers(
    app: Flask,
    operator: ControlClient,
    member: Person,
    community: Community,
    world: World,
    kind: str,
) -> None:
    tier_of(app, member, community)
    targets = {
        "user": member.id,
        "role": community.everyone_id,
        "server": community.id,
        "channel": community.channel_id,
        "all": None,
    }
    answer = operator.post(f"{CACHE}/invalidate", kind=kind, id=targets[kind])
    assert answer.status_code == 200
    subject = "global" if kind == "all" else f"{kind}:{targets[kind]}"
    assert answer.json["subject"] == subject
    assert cache.of(app).reached(answer.json["position"])
    assert tier_of(app, member, community) == "db"
    (act,) = world.acts("cache.invalidate")
    assert (act.subject, act.reason) == (subject, WHY)


class Desk(NamedTuple):
    """A reader, and a program, of the files of a document in a workspace."""

    reader: Person
    program: int
    targets: dict[str, Any]

    def tiers(self, app: Flask) -> list[str]:
        """The tiers that answer when each asks whether they may read a file."""
        with app.app_context():
            asked = ("file.read", "file", "plan.txt")
            found = [
                permissions.decide(one, *asked)
                for one in (self.reader.id, Application(self.program))
            ]
        assert all(one.allowed for one in found)
        return [str(one.tier) for one in found]


@pytest.fixture
def desk(app: Flask, world: World) -> Iterator[Desk]:
    with papers.declared(app) as made:
        reader = world.user("reader")
        workspace = made.workspace(None, reader, world.user("other"))
        document = made.document(workspace)
        with app.app_context():
            permissions.put_resource("file", "plan.txt", parent=("document", document))
            permissions.register_permission("file.read", scope="file")
            [program] = permissions.register_application("importer").ids
            [above], [team] = (permissions.create_team(name).ids for name in ("all", "authors"))
            permissions.add_team_parent(team, above)
            permissions.add_team_members(team, [reader.id, Application(program)])
        role = made.role("file.read", papers.READ)
        made.assign(Team(above), role, ("document", document))
        targets = {
            "workspace": str(workspace),
            "document": str(document),
            "file": "plan.txt",
            "team": above,
            "role": role,
            "application": program,
        }
        yield Desk(reader, program, targets)


@pytest.mark.parametrize("kind", ["workspace", "document", "file", "team", "role", "application"])
def test_what_is_below_and_whoever_is_within_is_forgotten_too(
    app: Flask, operator: ControlClient, desk: Desk, kind: str
) -> None:
    # The writes before are heard of once more a little later.
    wait_until(lambda: desk.tiers(app) == ["l1", "l1"])
    target = {"kind": kind, "id": desk.targets[kind]}
    hit = operator.send("POST", f"{CACHE}/invalidate/preview", target).json
    names = {"workspace": "Desk", "document": "Plan", "file": "plan.txt", "team": "all"}
    assert hit["name"] == names.get(kind, "importer" if kind == "application" else hit["name"])
    alone = kind == "application"
    assert hit["memory"]["entries"] == (1 if alone else 2)
    assert hit["people"]["count"] == (1 if alone else 2)
    assert hit["people"]["exact"] is (kind in ("team", "role", "application"))
    assert operator.post(f"{CACHE}/invalidate", **target).status_code == 200
    assert desk.tiers(app) == (["l1", "db"] if alone else ["db", "db"])


def test_of_a_role_that_everybody_of_a_resource_holds_all_count(
    app: Flask, operator: ControlClient, desk: Desk
) -> None:
    role, workspace = desk.targets["role"], uuid.UUID(desk.targets["workspace"])
    with app.app_context():
        permissions.assign(Everyone("workspace", workspace), role, at=("workspace", workspace))
    target = {"kind": "role", "id": role}
    hit = operator.send("POST", f"{CACHE}/invalidate/preview", target).json
    assert hit["people"] == {"count": 4, "exact": False}


def test_memory_alone_can_be_forgotten(
    app: Flask, operator: ControlClient, member: Person, community: Community
) -> None:
    tier_of(app, member, community)
    current = cache.of(app)
    wait_until(lambda: current.stored_places(member.id) == 1)
    answer = operator.post(f"{CACHE}/invalidate", kind="user", id=member.id, memory=True)
    assert answer.json["subject"] == f"memory:user:{member.id}"
    assert tier_of(app, member, community) == "l2"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "galaxy", "id": 1}, "kind"),
        ({"kind": "user"}, "id"),
        ({"kind": "user", "id": 0}, "id"),
        ({"kind": "all", "id": 3}, "id"),
        ({"kind": "user", "id": 3, "reason": " "}, "reason"),
        ({"kind": "user", "id": 3, "depth": 1}, "depth"),
        ({"kind": "user", "id": "3"}, "id"),
        ({"kind": "team", "id": True}, "id"),
        ({"kind": "role", "id": "reader"}, "id"),
        ({"kind": "application", "id": 2**62}, "id"),
        ({"kind": "server", "id": str(uuid.uuid4())}, "id"),
    ],
)
def test_a_wrong_target_is_refused_by_the_name_of_its_field(
    operator: ControlClient, world: World, body: dict[str, Any], field: str
) -> None:
    refused = operator.send("POST", f"{CACHE}/invalidate", {"reason": WHY, **body})
    assert refused.status_code == 422 and list(refused.json["errors"]) == [field]
    assert world.acts("cache.invalidate") == []


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Warm-ups wait for it in their first step."""
    opened = threading.Event()
    run = Preloading.run

    def wait(self: Preloading, progress: Any = None, stop: Any = None) -> Any:
        progress(3, 3)
        assert opened.wait(30)
        return run(self, progress, stop)

    monkeypatch.setattr(Preloading, "run", wait)
    yield opened
    opened.set()


def test_a_warm_up_is_followed_to_its_end_and_not_begun_twice(
    app: Flask,
    operator: ControlClient,
    member: Person,
    community: Community,
    world: World,
    gate: threading.Event,
) -> None:
    optimization.of(app).hot.note(member.id, place_key("channel", community.channel_id))
    optimization.of(app).hot.flush()
    begun = operator.post(f"{CACHE}/warm-up")
    assert begun.status_code == 202, begun.json
    task_id = begun.json["task_id"]
    again = operator.post("/maintenance/warmup")
    assert (again.status_code, again.json["task_id"]) == (409, task_id)
    assert operator.post("/maintenance/refresh").status_code == 409

    def task() -> Any:
        return operator.get(f"/tasks/{task_id}").json

    wait_until(lambda: task().get("steps", [{}])[0].get("done") == 3)
    assert (task()["state"], task()["task"]) == ("running", "warm_up")
    assert task()["steps"] == [{"name": "cache_warmup", "done": 3, "total": 3}]
    gate.set()
    wait_until(lambda: task()["state"] == "finished")
    found = task()
    assert found["success"] is True and found["errors"] == []
    assert [step["name"] for step in found["steps"]] == [
        "cache_warmup",
        "ml_warmup",
        "system_warmup",
    ]
    assert found["steps"][0]["done"] == found["steps"][0]["total"] == 1
    assert found["instance"] == begun.json["instance"] == events.of(app).instance_id
    assert operator.get("/tasks").json["items"] == [found]
    assert len(world.acts("cache.warm_up")) == 1 and world.acts("cache.refresh") == []
    assert tier_of(app, member, community) == "l1"


def test_a_refresh_forgets_everything_and_warms_up(
    app: Flask, operator: ControlClient, member: Person, community: Community, world: World
) -> None:
    tier_of(app, member, community)
    begun = operator.post("/maintenance/refresh")
    assert begun.status_code == 202
    with app.app_context():
        latest = permissions.warm_up.latest
    assert latest is not None and latest.wait(30) and latest.task_id == begun.json["task_id"]
    assert tier_of(app, member, community) == "db"
    assert len(world.acts("cache.refresh")) == 1


def test_somebody_can_be_forgotten_among_what_is_hot(
    app: Flask, operator: ControlClient, member: Person, community: Community, world: World
) -> None:
    hot = optimization.of(app).hot
    hot.note(member.id, place_key("channel", community.channel_id))
    hot.flush()
    answer = operator.post(f"{CACHE}/forget-hot", user_id=member.id)
    assert (answer.status_code, answer.json) == (200, {"user_id": member.id, "places": 1})
    assert hot.pairs(10) == []
    (act,) = world.acts("cache.forget_hot")
    assert (act.subject, act.reason) == (f"user:{member.id}", WHY)
    refused = operator.post(f"{CACHE}/forget-hot", user_id=0)
    assert refused.status_code == 422 and list(refused.json["errors"]) == ["user_id"]
    assert len(world.acts("cache.forget_hot")) == 1


def test_a_task_that_is_not_heard_of_any_more_is_unknown(
    app: Flask, operator: ControlClient
) -> None:
    from yoto.events import TaskProgressed

    app.config["WARM_UP_SECONDS"] = -10
    lost = TaskProgressed(task_id="0" * 16, task="warm_up", step="cache_warmup")
    events.of(app).stream.publish(lost)
    found = operator.get(f"/tasks/{'0' * 16}").json
    assert (found["state"], found["success"]) == ("unknown", None)
    for nobody in ("1" * 16, "nonsense"):
        assert operator.get(f"/tasks/{nobody}").status_code == 404


def test_looking_takes_the_right_to_view_and_acting_that_to_operate(
    app: Flask, world: World
) -> None:
    viewer = control_client(app, world, VIEW, username="vera")
    assert viewer.get(CACHE).status_code == viewer.get("/tasks").status_code == 200
    for path in ("/cache/invalidate", "/cache/warm-up", "/maintenance/refresh"):
        refused = viewer.post(path, **({"kind": "all"} if path.endswith("date") else {}))
        assert refused.status_code == 403, path


def test_while_redis_is_away_what_is_known_is_shown(
    app: Flask, operator: ControlClient, member: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yoto.cache import TieredCache
    from yoto.errors import StoreUnavailable

    def away(*arguments: Any) -> Any:
        raise StoreUnavailable("redis")

    for method in ("newest_number", "stored_places", "invalidate"):
        monkeypatch.setattr(TieredCache, method, away)
    shown = operator.get(CACHE)
    assert shown.status_code == 200 and shown.json["log"]["newest_number"] is None
    target = {"kind": "user", "id": member.id}
    hit = operator.send("POST", f"{CACHE}/invalidate/preview", target).json
    assert hit["redis_entries"] is None and hit["people"]["count"] == 1
    assert operator.post(f"{CACHE}/invalidate", **target).status_code == 503
