"""Operators close the platform for a while, and open it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import events
from tests.support.operators import (
    ADMIN,
    API,
    OPERATE,
    VIEW,
    WHY,
    ControlClient,
    control_client,
    operator_named,
)
from tests.support.world import Community, World
from yoto.permission import MaintenanceChanged
from yoto.store.columns import utcnow

MODE = "/maintenance/mode"


@pytest.fixture
def ada(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, OPERATE)


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


def product(app: Flask, community: Community) -> Any:
    path = f"/api/v1/channels/{community.channel_id}/messages"
    return app.test_client().get(path, headers=community.owner.headers)


def test_the_product_is_closed_until_its_time_while_operators_go_on(
    app: Flask, ada: ControlClient, community: Community, world: World
) -> None:
    assert product(app, community).status_code == 200
    until = utcnow() + timedelta(minutes=10)
    on = ada.put(MODE, enabled=True, confirm="maintenance", until=until.isoformat())
    assert on.status_code == 200
    assert on.json == ada.get(MODE).json
    assert (on.json["enabled"], on.json["reason"], on.json["changed_by"]) == (True, WHY, "ada")
    assert on.json["until"] == until.isoformat()
    closed = product(app, community)
    assert (closed.status_code, closed.json["reason"]) == (503, WHY)
    assert 590 < int(closed.headers["Retry-After"]) <= 600
    shown = ada.get("/overrides").json["maintenance"]
    assert (shown["enabled"], shown["reason"]) == (True, WHY) and shown["until"] is not None
    off = ada.put(MODE, enabled=False)
    assert (off.json["enabled"], off.json["until"]) == (False, None)
    assert product(app, community).status_code == 200
    told = [one.event for one in events.of(app).stream.read()]
    changes = [one for one in told if isinstance(one, MaintenanceChanged)]
    assert [one.enabled for one in changes] == [True, False]
    assert changes[0].until_ms == round(until.timestamp() * 1000) and changes[0].reason == WHY
    assert [act.after["enabled"] for act in world.acts("maintenance.set")] == [True, False]


def test_operators_are_listed_and_named_during_maintenance(app: Flask, world: World) -> None:
    mine = control_client(app, world, VIEW, OPERATE, ADMIN)
    operator_named(world, "olga", VIEW)
    mine.put(MODE, enabled=True, confirm="maintenance")
    rights = {one["username"]: one["rights"] for one in mine.get("/operators").json["items"]}
    assert rights == {"ada": [VIEW, OPERATE, ADMIN], "olga": [VIEW]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"enabled": True}, "confirm"),
        ({"enabled": True, "confirm": "Maintenance"}, "confirm"),
        ({"enabled": 1, "confirm": "maintenance"}, "enabled"),
        ({"enabled": True, "confirm": "maintenance", "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"enabled": True, "confirm": "maintenance", "until": "2999-01-01T00:00:00Z"}, "until"),
        ({"enabled": True, "confirm": "maintenance", "until": "2999-01-01T00:00:00"}, "until"),
        ({"enabled": False, "until": "2999-01-01T00:00:00Z"}, "until"),
        ({"enabled": True, "confirm": "maintenance", "reason": ""}, "reason"),
    ],
)
def test_what_is_not_meant_changes_nothing(
    ada: ControlClient, body: dict[str, Any], field: str
) -> None:
    refused = ada.send("PUT", MODE, {"reason": WHY, **body})
    assert refused.status_code == 422 and list(refused.json["errors"]) == [field]
    assert ada.get(MODE).json["enabled"] is False


def test_a_browser_needs_the_token_of_its_session(app: Flask) -> None:
    answer = app.test_client().put(f"{API}{MODE}", json={"enabled": False, "reason": WHY})
    assert answer.status_code == 401


def test_what_somebody_else_turned_meanwhile_is_not_overwritten(ada: ControlClient) -> None:
    """Where it is said which version was seen."""
    seen = ada.get(MODE).headers["ETag"]
    assert seen == '"0"'
    on = {"enabled": True, "confirm": "maintenance"}
    first = ada.put(MODE, seen, **on)
    assert first.status_code == 200 and first.headers["ETag"] != seen
    late = ada.put(MODE, seen, enabled=False)
    assert (late.status_code, late.headers["ETag"]) == (412, first.headers["ETag"])
    assert ada.get(MODE).json["enabled"] is True
    assert ada.put(MODE, first.headers["ETag"], enabled=False).status_code == 200
