"""The same on a cluster of Redis."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import fleet
from tests.integration.yoto.control_plane.socket.test_replay import OWN, numbers, publish
from tests.support.control_sockets import TestSocket
from tests.support.operators import VIEW, api_token, operator_named
from tests.support.redis_servers import Cluster
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.events import Events


@pytest.fixture
def app_config(app_config: dict[str, Any], valkey_cluster: Cluster) -> dict[str, Any]:
    return app_config | {"REDIS_URL": None, "REDIS_CLUSTER_NODES": valkey_cluster.nodes}


def test_replay_and_draining_work_on_a_cluster(app: Flask, world: World) -> None:
    _, secret = api_token(app, operator_named(world, "ada", VIEW), [VIEW])
    stream = Events.of(app).stream
    first = publish(stream, 0, 300)[0]
    socket = TestSocket(app, {"token": secret})
    socket.subscribe("events", "status", types=OWN, last=first)
    publish(stream, 300, 5)
    socket.wait_for("permission_event", 304)
    assert numbers(socket) == list(range(1, 305))
    parts = socket.heard("snapshot")[0]["topics"]["status"]["components"]
    assert {part["name"]: part["state"] for part in parts}["redis"] == "ok"
    service = fleet.of(app)
    service.start()
    wait_until(service.all)
    found = service.drain(service.id, 60, "ada", "a test")
    assert found is not None and found.state == "draining"
    assert socket.wait_for("goodbye")[0]["reason"] == "draining"
