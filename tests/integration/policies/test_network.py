"""Networks, through the API."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.integration.policies.conftest import (
    API,
    Put,
    administer,
    codes,
    manage,
    set_server_rules,
)
from tests.support.world import Community, Person

NETWORK = {"block": {}, "allow": {}, "servers": ["server.*"]}


def test_a_server_is_not_managed_from_a_blocked_network(
    client: FlaskClient, harbour: Community, put: Put
) -> None:
    put("network", NETWORK | {"block": {"server.manage": ["10.0.0.0/8", "2001:db8::/32"]}})
    assert manage(client, harbour, ip="192.0.2.1").status_code == 200
    for ip in ("10.2.3.4", "2001:db8::5", "::ffff:10.2.3.4"):
        assert codes(manage(client, harbour, ip=ip)) == ["network_blocked"]


def test_administering_is_allowed_from_listed_networks_alone(
    client: FlaskClient, root: Person, put: Put
) -> None:
    put("network", NETWORK | {"allow": {"admin.*": ["192.0.2.0/24"]}})
    assert administer(client, root, ip="192.0.2.77").status_code == 200
    assert codes(administer(client, root, ip="198.51.100.1")) == ["network_not_allowed"]


def test_a_server_blocks_networks_of_its_own(client: FlaskClient, harbour: Community) -> None:
    set_server_rules(client, harbour, blocked_networks=["10.0.0.0/8"])
    assert manage(client, harbour, ip="192.0.2.1").status_code == 200
    assert codes(manage(client, harbour, ip="10.9.9.9")) == ["network_blocked_by_server"]


def test_nobody_blocks_their_own_network(client: FlaskClient, harbour: Community) -> None:
    rules = {
        "time_zone": "UTC",
        "access_hours": None,
        "blocked_networks": ["127.0.0.0/8"],
        "device_required": False,
    }
    answer = client.put(
        f"{API}/servers/{harbour.id}/rules", headers=harbour.owner.headers, json=rules
    )
    assert answer.status_code == 422
    [error] = answer.get_json()["errors"]["blocked_networks"]
    assert error.startswith("would lock you out")


@pytest.mark.parametrize("ip", ["", "unix:"])
def test_a_caller_without_an_address_is_denied(
    client: FlaskClient, harbour: Community, put: Put, ip: str
) -> None:
    put("network", NETWORK | {"block": {"server.manage": ["10.0.0.0/8"]}})
    assert codes(manage(client, harbour, ip=ip)) == ["missing:context.ip"]


def test_outside_a_request_there_is_no_address(
    app: Flask, client: FlaskClient, harbour: Community, put: Put
) -> None:
    with app.app_context():
        question = (harbour.owner.id, "server.manage", "server", harbour.id)
        assert permissions.decide(*question).allowed
        put("network", NETWORK | {"block": {"server.manage": ["10.0.0.0/8"]}})
        assert permissions.decide(*question).reason == "missing:context.ip"
