"""Load, failures, maintenance and emergencies, through the API."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.integration.policies.conftest import API, Put, acts, administer, codes, manage
from tests.support.world import Community, Person, World
from yoto.permission import require_permission

CALM: dict[str, Any] = {"load": {}, "error_rate": {}, "maintenance": [], "emergency": ["server.*"]}


def declare(client: FlaskClient, root: Person, enabled: bool) -> None:
    answer = client.put(
        f"{API}/emergency",
        headers=root.headers,
        json={"enabled": enabled, "reason": "the bridge is out"},
    )
    assert answer.status_code == 200, answer.text


def test_what_can_wait_is_denied_under_load(client: FlaskClient, root: Person, put: Put) -> None:
    put("environment", CALM | {"load": {"admin.*": 1e6}})
    assert administer(client, root).status_code == 200
    put("environment", CALM | {"load": {"admin.*": -1}})
    assert codes(administer(client, root)) == ["system_overloaded"]


def test_what_can_wait_is_denied_while_requests_fail(
    app: Flask, client: FlaskClient, root: Person, put: Put
) -> None:
    def fail() -> str:
        raise RuntimeError("on purpose")

    app.add_url_rule("/api/v1/broken", "broken", fail)
    put("environment", CALM | {"error_rate": {"admin.*": 0.2}})
    assert administer(client, root).status_code == 200
    for _ in range(40):
        assert client.get("/api/v1/broken").status_code == 500
    assert codes(administer(client, root)) == ["system_failing"]


def test_what_works_in_maintenance_can_be_denied_then(
    app: Flask, client: FlaskClient, root: Person, put: Put
) -> None:
    with app.app_context():
        permissions.register_permission("platform.drill", scope="global", abac=True)

    @app.get("/drill")
    @require_permission("platform.drill")
    def drill() -> dict[str, Any]:
        return {}

    put("environment", CALM | {"maintenance": ["platform.drill"]})
    assert client.get("/drill", headers=root.headers).status_code == 200
    with app.app_context():
        permissions.set_maintenance_mode(True, "works", actor_id=root.id)
    assert codes(client.get("/drill", headers=root.headers)) == ["in_maintenance"]
    with app.app_context():
        permissions.set_maintenance_mode(False, actor_id=root.id)
    assert client.get("/drill", headers=root.headers).status_code == 200


def test_in_an_emergency_servers_are_not_managed(
    client: FlaskClient, harbour: Community, root: Person
) -> None:
    assert manage(client, harbour).status_code == 200
    declare(client, root, True)
    assert codes(manage(client, harbour)) == ["in_emergency"]
    declare(client, root, False)
    assert manage(client, harbour).status_code == 200


def test_declaring_takes_a_right_and_is_audited(
    client: FlaskClient, world: World, root: Person
) -> None:
    body = {"enabled": True, "reason": "the bridge is out"}
    answer = client.put(f"{API}/emergency", headers=world.user().headers, json=body)
    assert answer.status_code == 403
    declare(client, root, True)
    [(_, *act)] = acts(world, "emergency.declare")
    assert act == [root.id, {"enabled": False}, {"enabled": True}, body["reason"]]
