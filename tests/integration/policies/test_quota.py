"""Quotas from the counters of the limiters, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.policies.conftest import (
    ALWAYS,
    API,
    Put,
    administer,
    codes,
    manage,
    send,
    set_channel_rules,
)
from tests.support.world import Community, Person, World
from yoto.resilience import Resilience


def test_somebody_with_too_little_left_is_denied(
    client: FlaskClient, world: World, harbour: Community, put: Put
) -> None:
    put("quota", {"reserves": {"message.send": {"limiter": "message.send", "remaining": 15}}})
    set_channel_rules(client, harbour.channel_id, harbour.owner, hours=ALWAYS)
    member = world.member(harbour)
    # The limit is 20 at once; the message that is being sent was counted before it is judged.
    statuses = [send(client, harbour.channel_id, member).status_code for _ in range(3)]
    assert statuses == [201] * 3
    last = [send(client, harbour.channel_id, member) for _ in range(12)][-1]
    assert codes(last) == ["quota_too_low"]
    assert send(client, harbour.channel_id, harbour.owner).status_code == 201


@pytest.mark.parametrize(
    "reserves",
    [
        ["message.send"],
        {"message.send": 5},
        {"message.send": None},
        {"message.send": ["limiter"]},
        {"message.send": {"limiter": 5}},
    ],
)
def test_a_document_that_holds_no_reserves_is_what_is_missing(
    client: FlaskClient, harbour: Community, put: Put, reserves: Any
) -> None:
    set_channel_rules(client, harbour.channel_id, harbour.owner, hours=ALWAYS)
    put("quota", {"reserves": reserves})
    assert codes(send(client, harbour.channel_id, harbour.owner)) == ["missing:data.quota"]


@pytest.mark.parametrize(
    ("tried_from", "asked_from", "denied"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_an_address_is_looked_up_as_the_limiters_count_it(
    app: Flask,
    client: FlaskClient,
    root: Person,
    put: Put,
    tried_from: str,
    asked_from: str,
    denied: bool,
) -> None:
    by_address = {"ip": {"limit": 5, "window": 3600}}
    Resilience.of(app).set_rate_limit_config("auth.sign-in", dimensions=by_address)
    put("quota", {"reserves": {"admin.users": {"limiter": "auth.sign-in", "remaining": 4}}})
    for _ in range(2):
        client.post(
            f"{API}/auth/login",
            json={"username": "nobody", "password": "not the password"},
            environ_base={"REMOTE_ADDR": tried_from},
        )
    answer = administer(client, root, ip=asked_from)
    if denied:
        assert codes(answer) == ["quota_too_low"]
    else:
        assert answer.status_code == 200


def test_a_limiter_that_nobody_defined_is_missing(
    app: Flask, client: FlaskClient, root: Person, put: Put
) -> None:
    put("quota", {"reserves": {"admin.users": {"limiter": "mesage.send", "remaining": 1}}})
    assert codes(administer(client, root)) == ["missing:context.quota.mesage.send"]
    # That an operator has set the limit does not make anything count for it.
    Resilience.of(app).set_rate_limit_config("mesage.send", limit=5)
    assert codes(administer(client, root)) == ["missing:context.quota.mesage.send"]
    put("quota", {"reserves": {"admin.users": {"limiter": "message.send", "remaining": 1}}})
    assert administer(client, root).status_code == 200


@pytest.mark.parametrize(("counted", "there"), [("members", 2), ("channels", 1), ("messages", 3)])
def test_a_server_that_holds_as_much_as_it_may_is_denied_more(
    client: FlaskClient, world: World, harbour: Community, put: Put, counted: str, there: int
) -> None:
    set_channel_rules(client, harbour.channel_id, harbour.owner, hours=ALWAYS)
    world.member(harbour)
    for _ in range(3):
        assert send(client, harbour.channel_id, harbour.owner).status_code == 201
    put("quota", {"reserves": {}, "resources": {"*": {"counted": counted, "below": there + 1}}})
    assert manage(client, harbour).status_code == 200
    put("quota", {"reserves": {}, "resources": {"*": {"counted": counted, "below": there}}})
    assert codes(manage(client, harbour)) == ["resource_quota_reached"]


def test_a_limit_of_things_may_have_a_fraction_and_any_size(
    client: FlaskClient, harbour: Community, put: Put
) -> None:
    for below in (1.5, 2e0, 1e30, 10**30):
        put("quota", {"reserves": {}, "resources": {"*": {"counted": "channels", "below": below}}})
        assert manage(client, harbour).status_code == 200, below
    put("quota", {"reserves": {}, "resources": {"*": {"counted": "channels", "below": 0.5}}})
    assert codes(manage(client, harbour)) == ["resource_quota_reached"]


def test_things_outside_of_servers_are_not_counted(
    client: FlaskClient, root: Person, put: Put
) -> None:
    put("quota", {"reserves": {}, "resources": {"admin.*": {"counted": "members", "below": 9}}})
    assert codes(administer(client, root)) == ["missing:resource.usage.members"]
