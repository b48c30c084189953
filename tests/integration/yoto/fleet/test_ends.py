"""The end of a worker is an event, with how, and stands in the list of workers."""

from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import events, fleet
from tests.support.operators import VIEW, control_client
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.fleet import End, Roster, roster, workers
from yoto.fleet.workers import WorkerEnded
from yoto.redis import RedisStore

KILLED = "elsewhere-77-aaaa"


def ends(app: Flask) -> list[WorkerEnded]:
    """Their events, oldest first."""
    found = (stored.event for stored in events.of(app).stream.read("0-0", 1000))
    return [event for event in found if isinstance(event, WorkerEnded)]


def test_a_supervisor_says_how_a_worker_ended_once(app: Flask, world: World) -> None:
    Roster(RedisStore.of(app)).beat(KILLED, {"version": "1"})
    for _ in range(2):
        fleet.of(app).record_end("elsewhere", 77, -9)
    fleet.of(app).record_end("elsewhere", 78, -9)  # was never heard
    assert ends(app) == [WorkerEnded(worker=KILLED, how="signal", signal="SIGKILL")]
    client = control_client(app, world, VIEW)
    (shown,) = [one for one in client.get("/instances").json["items"] if one["id"] == KILLED]
    assert shown["end"] == {"how": "signal", "signal": "SIGKILL", "code": None}


def test_a_worker_that_shuts_down_says_so_itself(app: Flask) -> None:
    fleet.of(app).start()
    wait_until(lambda: fleet.of(app).get(fleet.of(app).id))
    fleet.of(app).close()
    (own,) = fleet.of(app).all()
    fleet.of(app).record_end(own.host, own.pid, 0)
    assert ends(app) == [WorkerEnded(worker=own.id, how="shutdown")]


def test_of_a_worker_without_a_supervisor_others_say_that_it_fell_silent(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Roster(RedisStore.of(app))
    known.beat(KILLED)
    known.beat("elsewhere-78-bbbb")
    known.end("elsewhere-78-bbbb", End(how="exit", code=1))
    for module in (roster, workers):
        monkeypatch.setattr(module, "GONE_AFTER_MS", 20)
    monkeypatch.setattr(workers, "SUPERVISOR_MS", 0)
    monkeypatch.setattr(workers, "BEATS_BEFORE_LOOK", 1)
    wait_until(lambda: all(one.heard_ms > 20 for one in known.all()))

    def of_others() -> list[WorkerEnded]:
        # A pause of 20 ms makes this worker itself look silent, too.
        return [end for end in ends(app) if end.worker != fleet.of(app).id]

    fleet.of(app).start()
    wait_until(of_others)
    assert of_others() == [WorkerEnded(worker=KILLED, how="silent")]
