"""Overrides, in one answer: maintenance, what operators set, levels that were raised."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions, resilience
from tests.support.operators import VIEW, ControlClient, api_token, operator_named
from tests.support.world import World
from yoto.resilience import DegradationLevel, Origin


@pytest.fixture
def viewer(app: Flask, world: World) -> ControlClient:
    _, secret = api_token(app, operator_named(world, "vera", VIEW))
    return ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})


def overrides(viewer: ControlClient) -> dict[str, Any]:
    answer = viewer.get("/overrides")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_as_usual_there_is_nothing(viewer: ControlClient) -> None:
    found = overrides(viewer)
    assert found["maintenance"] == {"enabled": False, "reason": None, "until": None}
    assert (found["overrides"], found["raised"]) == ([], [])


def test_what_operators_set_is_told_with_who_why_and_until_when(
    app: Flask, viewer: ControlClient
) -> None:
    with app.app_context():
        controller = resilience.of(app)
        controller.operations.isolate("opa", author="olga", reason="moving it", ttl=60)
        three = {"max_concurrent": 3}
        controller.set_config("bulkhead", "message.send", three, author="olga")
        # A value that the tuner sets by itself is no operator's override.
        controller.set_config(
            "bulkhead", "message.search", three, author="tuner", origin=Origin.TUNER
        )
    found = {one["kind"]: one for one in overrides(viewer)["overrides"]}
    assert set(found) == {"forced_breaker", "bulkhead"}
    forced, lasting = found["forced_breaker"], found["bulkhead"]
    assert (forced["name"], forced["author"], forced["reason"]) == ("opa", "olga", "moving it")
    assert forced["values"] == {"state": "isolated"} and forced["expires_at"] > forced["since"]
    assert (lasting["name"], lasting["values"]) == ("message.send", {"max_concurrent": 3})
    assert lasting["expires_at"] is None
    assert (forced["where"], lasting["where"]) == (
        "guards?guard=circuit_breaker:opa",
        "guards?guard=bulkhead:message.send",
    )
    assert lasting["since"] <= overrides(viewer)["at"]


def test_raised_levels_and_maintenance_are_told(app: Flask, viewer: ControlClient) -> None:
    with app.app_context():
        resilience.of(app).degradation.raise_level("alert:slow", DegradationLevel.HEAVY, 60)
        permissions.set_maintenance_mode(True, "new disks")
    found = overrides(viewer)
    assert found["maintenance"] == {"enabled": True, "reason": "new disks", "until": None}
    (raised,) = found["raised"]
    assert (raised["source"], raised["level"], raised["feature"]) == ("alert:slow", "heavy", "")
