"""A server's own rules bind those who manage it, never the owner who sets them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.world import Community, Person, World

API = "/api/v1"
NEVER_NOW = {"days": ["mon"], "from": "03:00", "to": "03:01"}
FREE: dict[str, Any] = {
    "time_zone": "UTC",
    "access_hours": None,
    "blocked_networks": [],
    "device_required": False,
}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def deputy(world: World, harbour: Community) -> Person:
    return world.member(
        harbour, world.user("deputy"), world.role(harbour, "server.administrator", position=9)
    )


def rules(client: FlaskClient, harbour: Community, who: Person, **changed: Any) -> Any:
    return client.put(f"{API}/servers/{harbour.id}/rules", headers=who.headers, json=FREE | changed)


def test_only_the_owner_and_super_admins_set_them(
    client: FlaskClient, world: World, harbour: Community, deputy: Person
) -> None:
    answer = rules(client, harbour, deputy, access_hours=NEVER_NOW)
    assert answer.status_code == 403 and answer.get_json()["reason"] == "owner_only"
    read = client.get(f"{API}/servers/{harbour.id}/rules", headers=deputy.headers)
    assert read.status_code == 200 and read.get_json()["access_hours"] is None
    for who in (harbour.owner, world.user("root", super_admin=True)):
        assert rules(client, harbour, who).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"blocked_networks": ["127.0.0.0/8"]},
        {"blocked_networks": ["0.0.0.0/0"]},
        {"device_required": True},
    ],
    ids=str,
)
def test_rules_that_would_shut_the_owner_out_are_refused(
    client: FlaskClient, harbour: Community, wrong: dict[str, Any]
) -> None:
    answer = rules(client, harbour, harbour.owner, **wrong)
    assert answer.status_code == 422 and list(answer.get_json()["errors"]) == list(wrong)


def test_they_never_bind_the_owner_or_super_admins_who_mend_them_hand_over_or_delete(
    client: FlaskClient, world: World, harbour: Community, deputy: Person
) -> None:
    root = world.user("root", super_admin=True)
    device = client.post(f"{API}/devices", headers=harbour.owner.headers, json={"name": "Laptop"})
    assert device.status_code == 201
    strict = {
        "access_hours": NEVER_NOW,
        "blocked_networks": ["203.0.113.0/24"],
        "device_required": True,
    }
    assert rules(client, harbour, harbour.owner, **strict).status_code == 200
    path = f"{API}/servers/{harbour.id}"

    def call(who: Person, method: str, path: str, json: Any = None) -> Any:
        return client.open(
            path, method=method, headers=who.headers, json=json, environ_base=ELSEWHERE
        )

    for who in (harbour.owner, root):
        managed = call(who, "PATCH", path, {"name": "Port"})
        assert "network_blocked_by_server" in managed.get_json()["codes"]
        assert call(who, "GET", f"{path}/rules").status_code == 200
        assert (
            call(who, "PUT", f"{path}/rules", FREE | {"access_hours": NEVER_NOW}).status_code == 200
        )
        assert rules(client, harbour, harbour.owner, **strict).status_code == 200
    for method, where in (("GET", f"{path}/rules"), ("DELETE", path)):
        assert call(deputy, method, where).status_code == 403
    handed = call(harbour.owner, "POST", f"{path}/transfer", {"user_id": deputy.id})
    assert handed.status_code == 200
    assert call(harbour.owner, "DELETE", path).status_code == 403
    assert call(deputy, "DELETE", path).status_code == 204
