"""Reading events over REST: their types, and history that is gone."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.world import World
from yoto.events import Events, EventStream, TaskProgressed
from yoto.operate.live.events import clear

EVENTS = "/events"
OWN = "task.progress"


@pytest.fixture
def viewer(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW)


@pytest.fixture
def stream(app: Flask) -> EventStream:
    return Events.of(app).stream


def publish(stream: EventStream, count: int) -> list[str]:
    """Events of a type that nothing else publishes here; a busy machine has losses of a store."""
    ids = [
        stream.publish(TaskProgressed(task_id="test", task="test", step="count", done=n))
        for n in range(count)
    ]
    return [one for one in ids if one is not None]


def test_the_types_are_those_of_the_stream(viewer: ControlClient) -> None:
    types = viewer.get(f"{EVENTS}/types").json["items"]
    assert types == sorted(types)
    assert {"alert.raised", "policy.changed", "store.lost", "worker.drained"} <= set(types)
    # Events of messages are in another stream.
    assert not any(one.startswith("community.") for one in types)


def test_who_reads_on_is_told_of_what_is_gone(viewer: ControlClient, stream: EventStream) -> None:
    first, second, third, last = publish(stream, 4)
    found = viewer.get(EVENTS, types=OWN, after=first).json
    assert [one["id"] for one in found["items"]][:3] == [second, third, last]
    assert found["gap"] is None
    clear(stream, second, "ada", "room")
    found = viewer.get(EVENTS, types=OWN, after=first).json
    assert found["items"][0]["id"] == third
    assert found["gap"] == {"after": first, "reason": "trimmed"}
    assert viewer.get(EVENTS, types=OWN, after=third).json["gap"] is None
    # Without an id nobody has missed anything.
    assert viewer.get(EVENTS, types=OWN, limit=1).json["gap"] is None


def test_an_id_that_is_ahead_of_the_stream_says_that_the_stream_was_lost(
    viewer: ControlClient, stream: EventStream
) -> None:
    publish(stream, 1)
    ahead = f"{10**14}-0"
    found = viewer.get(EVENTS, types=OWN, after=ahead).json
    assert (found["items"], found["gap"]) == ([], {"after": ahead, "reason": "lost"})
