"""Every event once and in order, whatever happened to the connection or to Redis."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests.support.control_sockets import TestSocket
from tests.support.operators import VIEW, api_token, operator_named
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.control_plane.socket import current_registry
from yoto.control_plane.socket.feed import Feed
from yoto.events import Events, EventStream, Gap, TaskProgressed, position
from yoto.operate.live.events import clear

Connect = Callable[[], TestSocket]
OWN = ["task.*"]


@pytest.fixture(scope="module")
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@pytest.fixture
def app_config(app_config: dict[str, Any], own_redis: Server) -> dict[str, Any]:
    # An event that Redis does not take in time is lost, so a busy machine gets more time here.
    return app_config | {"REDIS_URL": own_redis.url, "REDIS_SOCKET_TIMEOUT": 5.0}


@pytest.fixture
def connect(app: Flask, world: World) -> Connect:
    _, secret = api_token(app, operator_named(world, "ada", VIEW), [VIEW])
    return lambda: TestSocket(app, {"token": secret})


@pytest.fixture
def stream(app: Flask) -> EventStream:
    return Events.of(app).stream


def numbered(number: int) -> TaskProgressed:
    """An event that the platform itself does not tell here, however busy the machine is."""
    return TaskProgressed(task_id="test", task="test", step="count", done=number)


def publish(stream: EventStream, first: int, count: int) -> list[str]:
    ids = [stream.publish(numbered(first + n)) for n in range(count)]
    assert None not in ids
    return [one for one in ids if one is not None]


def is_own(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "task.progress")


def numbers(socket: TestSocket) -> list[int]:
    return [one["data"]["done"] for one in socket.heard("permission_event") if is_own(one)]


def test_who_was_away_hears_each_of_a_thousand_events_once_and_in_order(
    connect: Connect, stream: EventStream
) -> None:
    first = connect()
    first.subscribe("events", types=OWN)
    publish(stream, 0, 10)
    seen = first.wait_for("permission_event", 10)[-1]["id"]
    first.leave()
    publish(stream, 10, 1_000)
    again = connect()
    # While it catches up, more happens: nothing is lost or told twice where the two meet.
    more = threading.Thread(target=publish, args=(stream, 1_010, 300))
    more.start()
    again.subscribe("events", types=OWN, last=seen)
    more.join()
    again.wait_for("permission_event", 1_300)
    publish(stream, 1_310, 5)
    again.wait_for("permission_event", 1_305)
    assert numbers(again) == list(range(10, 1_315))
    assert again.heard("snapshot")[0]["last_event_id"] == seen
    assert again.heard("gap") == []


def test_where_history_is_gone_there_is_one_gap_and_a_snapshot_and_then_it_goes_on(
    connect: Connect, stream: EventStream
) -> None:
    seen = publish(stream, 0, 3)[0]
    last = publish(stream, 3, 3)[-1]
    assert clear(stream, last, "ada", "a test") >= 5
    last = stream.last_id()
    socket = connect()
    socket.subscribe("events", "maintenance", types=OWN, last=seen)
    (gap,) = socket.wait_for("gap")
    socket.wait_for("snapshot", 2)
    assert gap == {"after": seen, "resumed_at": last, "reason": "trimmed"}
    publish(stream, 6, 2)
    socket.wait_for("permission_event", 2)
    assert numbers(socket) == [6, 7]
    names = [name for name, _ in socket.heard()]
    assert names == ["snapshot", "gap", "snapshot", "permission_event", "permission_event"]
    fresh = socket.heard("snapshot")[1]
    assert fresh["last_event_id"] == last
    assert fresh["topics"]["maintenance"] == {"enabled": False, "reason": None, "until_ms": None}


def test_what_is_cleared_of_the_past_is_no_gap_to_who_has_it(
    connect: Connect, stream: EventStream
) -> None:
    socket = connect()
    socket.subscribe("events", types=OWN)
    ids = publish(stream, 0, 4)
    socket.wait_for("permission_event", 4)
    assert clear(stream, ids[1], "ada", "a test") >= 2
    publish(stream, 4, 1)
    socket.wait_for("permission_event", 5)
    assert clear(stream, stream.last_id(), "ada", "a test") >= 3
    publish(stream, 5, 1)
    socket.wait_for("permission_event", 6)
    assert numbers(socket) == [0, 1, 2, 3, 4, 5] and socket.heard("gap") == []


def test_an_id_from_the_future_is_a_gap(connect: Connect, stream: EventStream) -> None:
    publish(stream, 0, 1)
    socket = connect()
    socket.subscribe("events", types=OWN, last="99999999999999-0")
    (gap,) = socket.wait_for("gap")
    assert gap["reason"] == "lost"
    publish(stream, 1, 1)
    socket.wait_for("permission_event")
    assert numbers(socket) == [1]


def test_only_the_types_that_were_asked_for_come_also_of_the_past(
    connect: Connect, app: Flask, stream: EventStream
) -> None:
    begin = publish(stream, 0, 1)[0]
    with app.app_context():
        from app.extensions import permissions

        permissions.set_maintenance_mode(True, "a new disk")
        permissions.set_maintenance_mode(False)
    socket = connect()
    socket.subscribe("events", "maintenance", last=begin, types=["maintenance.*"])
    publish(stream, 1, 1)
    changes = socket.wait_for("maintenance_mode_change", 2)
    assert [(one["enabled"], one["reason"]) for one in changes] == [
        (True, "a new disk"),
        (False, None),
    ]
    assert [one["type"] for one in socket.heard("permission_event")] == ["maintenance.changed"] * 2


def test_following_more_topics_or_the_same_again_tells_nothing_twice(
    app: Flask, connect: Connect, stream: EventStream
) -> None:
    socket = connect()
    socket.subscribe("events", types=OWN)
    ids = publish(stream, 0, 3)
    socket.wait_for("permission_event", 3)
    socket.subscribe("events", "alerts", types=OWN, last=ids[0])
    publish(stream, 3, 2)
    socket.wait_for("permission_event", 5)
    assert numbers(socket) == [0, 1, 2, 3, 4]
    assert socket.heard("snapshot")[1]["last_event_id"] == ids[-1]
    assert socket.send("unsubscribe", {"topics": ["events"]})["topics"] == ["alerts"]
    (unheard,) = publish(stream, 5, 1)
    with app.app_context():
        feed = current_registry().feed
    wait_until(lambda: feed.position == unheard)
    socket.subscribe("events", types=OWN, last=None)
    publish(stream, 6, 1)
    socket.wait_for("permission_event", 6)
    assert numbers(socket) == [0, 1, 2, 3, 4, 6]


def test_redis_away_and_back_loses_nothing_and_an_empty_redis_is_a_gap(
    connect: Connect, stream: EventStream, own_redis: Server
) -> None:
    live, late = connect(), connect()
    live.subscribe("events", types=OWN)
    seen = publish(stream, 0, 2)[0]
    live.wait_for("permission_event", 2)
    own_redis.pause()
    late.subscribe("events", types=OWN, last=seen)
    assert late.heard("permission_event") == []
    own_redis.resume()
    wait_until(lambda: stream.publish(numbered(2)) is not None)
    late.wait_for("permission_event", 2)
    live.wait_for("permission_event", 3)
    assert numbers(late) == [1, 2] and numbers(live) == [0, 1, 2]
    with own_redis.client() as redis:
        redis.flushall()
    wait_until(lambda: stream.publish(numbered(3)) is not None)
    for socket in (live, late):
        (gap,) = socket.wait_for("gap")
        assert gap["reason"] in ("lost", "trimmed")
    publish(stream, 4, 1)
    live.wait_for("permission_event", 4)
    assert numbers(live)[-1] == 4


@pytest.fixture
def feed(app: Flask) -> Feed:
    with app.app_context():
        return current_registry().feed


def happen_during_snapshots(
    feed: Feed, stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Have an event fall after each snapshot was made, and be sent to others before it is shown."""
    take_snapshot, numbers = feed.take_snapshot, itertools.count()

    def late(topics: frozenset[str]) -> dict[str, Any]:
        shown = take_snapshot(topics)
        (event_id,) = publish(stream, next(numbers), 1)
        if threading.current_thread().name != "yoto-control-feed":
            wait_until(lambda: position(feed.position or "0-0") >= position(event_id))
        return shown

    monkeypatch.setattr(feed, "take_snapshot", late)


def test_what_happens_while_a_snapshot_is_made_comes_after_it(
    connect: Connect, stream: EventStream, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen_during_snapshots(feed, stream, monkeypatch)
    socket = connect()
    socket.subscribe("events", types=OWN)
    socket.wait_for("permission_event", 1)
    # One that is live already, and begins to follow more.
    socket.subscribe("events", "tasks", types=OWN)
    socket.wait_for("permission_event", 2)
    assert [one["data"]["done"] for one in socket.wait_for("task_progress")] == [1]
    publish(stream, 2, 1)
    socket.wait_for("permission_event", 3)
    assert numbers(socket) == [0, 1, 2]
    names = [name for name, _ in socket.heard() if name != "task_progress"]
    assert names == ["snapshot", "permission_event"] * 2 + ["permission_event"]
    for shown, event in zip(
        socket.heard("snapshot"), socket.heard("permission_event"), strict=False
    ):
        assert position(shown["last_event_id"]) < position(event["id"])


def test_what_happens_while_the_snapshot_after_a_gap_is_made_comes_after_it(
    connect: Connect, stream: EventStream, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, late = connect(), connect()
    live.subscribe("events", types=OWN)
    happen_during_snapshots(feed, stream, monkeypatch)
    # The first picture is that of the subscription, the second that of the gap.
    late.subscribe("events", types=OWN, last="99999999999999-0")
    late.wait_for("gap")
    late.wait_for("permission_event", 1)
    assert numbers(late) == [1]
    live.wait_for("permission_event", 2)
    feed._take(Gap("slow", feed.position))
    live.wait_for("gap")
    live.wait_for("permission_event", 3)
    late.wait_for("permission_event", 2)
    assert numbers(live) == [0, 1, 2] and numbers(late) == [1, 2]
    # Its own replay had brought it beyond that gap.
    assert len(late.heard("gap")) == 1


def test_what_could_not_be_sent_is_a_gap_and_what_came_after_it_is_told(
    connect: Connect, stream: EventStream, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = connect()
    socket.subscribe("events", types=OWN)
    send = feed._sender.send

    def fails_once(clients: Any, name: str, data: Any) -> None:
        if name == "permission_event" and data["data"].get("done") == 1:
            raise RuntimeError("a fault of a test")
        send(clients, name, data)

    monkeypatch.setattr(feed._sender, "send", fails_once)
    with feed.lock:  # so that all of them are taken at once
        ids = publish(stream, 0, 50)
        wait_until(lambda: len(feed._waiting) >= 1)
    socket.wait_for("gap")
    (last,) = publish(stream, 50, 1)
    wait_until(lambda: feed.position == last)
    (gap,) = socket.heard("gap")
    assert gap["reason"] == "failed" and gap["after"] == ids[0]
    assert len(socket.heard("snapshot")) == 2
    resumed = [
        n for n, one in enumerate([*ids, last]) if position(one) > position(gap["resumed_at"])
    ]
    assert numbers(socket) == [0, *resumed] and resumed[-1] == 50
