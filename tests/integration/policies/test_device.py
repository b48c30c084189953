"""Registered devices, through the API."""

from __future__ import annotations

from functools import partial

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.integration.policies.conftest import (
    API,
    Put,
    administer,
    codes,
    looks,
    manage,
    set_server_rules,
)
from tests.support.world import Community, Person, World

DEVICES = f"{API}/devices"
HEADER = "X-Device-Token"


def register(client: FlaskClient, person: Person) -> dict[str, str]:
    answer = client.post(DEVICES, headers=person.headers, json={"name": "Laptop"})
    assert answer.status_code == 201
    return {HEADER: answer.get_json()["token"]}


def test_managing_takes_a_registered_device_where_a_server_says_so(
    client: FlaskClient, world: World, harbour: Community
) -> None:
    own = register(client, harbour.owner)
    set_server_rules(client, harbour, device_required=True)
    assert codes(manage(client, harbour)) == ["device_not_registered"]
    assert codes(manage(client, harbour, **{HEADER: "guessed"})) == ["device_not_registered"]
    foreign = register(client, world.user())
    assert codes(manage(client, harbour, **foreign)) == ["device_not_registered"]
    assert manage(client, harbour, **own).status_code == 200


def test_administering_takes_a_registered_device_where_the_document_says_so(
    app: Flask, client: FlaskClient, root: Person, put: Put
) -> None:
    own = register(client, root)
    put("device", {"required": ["admin.*"], "servers": []})
    assert codes(administer(client, root)) == ["device_not_registered"]
    assert codes(administer(client, root, **{HEADER: "guessed"})) == ["device_not_registered"]
    assert administer(client, root, **own).status_code == 200


def test_nobody_looks_for_a_device_that_no_document_asks_for(
    app: Flask, client: FlaskClient, root: Person, put: Put
) -> None:
    ask = partial(administer, client, root, **register(client, root))
    assert looks(app, "FROM yoto_devices", ask) == 0
    put("device", {"required": [], "servers": ["admin.*"]})
    assert looks(app, "FROM yoto_devices", ask) == 1


def test_a_forgotten_device_is_registered_no_more(client: FlaskClient, harbour: Community) -> None:
    own = register(client, harbour.owner)
    set_server_rules(client, harbour, device_required=True)
    assert manage(client, harbour, **own).status_code == 200
    [device] = client.get(DEVICES, headers=harbour.owner.headers).get_json()["items"]
    answer = client.delete(f"{DEVICES}/{device['id']}", headers=harbour.owner.headers)
    assert answer.status_code == 204
    assert codes(manage(client, harbour, **own)) == ["device_not_registered"]


def test_outside_a_request_there_is_no_device(
    app: Flask, client: FlaskClient, harbour: Community
) -> None:
    register(client, harbour.owner)
    seen = set_server_rules(client, harbour, device_required=True)
    place = ("server", harbour.id)
    with app.app_context():
        found = permissions.decide(harbour.owner.id, "server.manage", *place, at_least=seen)
    assert found.reason == "missing:context.device.registered"


def test_the_secret_is_shown_once_and_not_stored(
    client: FlaskClient, world: World, harbour: Community
) -> None:
    token = register(client, harbour.owner)[HEADER]
    assert token not in str(world.everything())
    assert token not in client.get(DEVICES, headers=harbour.owner.headers).text


def test_nobody_forgets_the_device_of_somebody_else(
    client: FlaskClient, world: World, harbour: Community
) -> None:
    register(client, harbour.owner)
    [device] = client.get(DEVICES, headers=harbour.owner.headers).get_json()["items"]
    answer = client.delete(f"{DEVICES}/{device['id']}", headers=world.user().headers)
    assert answer.status_code == 404


def test_nobody_has_more_than_twenty_devices(client: FlaskClient, harbour: Community) -> None:
    for _ in range(20):
        register(client, harbour.owner)
    answer = client.post(DEVICES, headers=harbour.owner.headers, json={"name": "One more"})
    assert answer.status_code == 409
