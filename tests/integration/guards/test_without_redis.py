"""The guards of the API while Redis is away, and after."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import resilience
from app.guards import MESSAGE_SEND, MESSAGES_OF_USER_IN_SERVER
from tests.integration.guards.conftest import (
    dimensions,
    lose,
    refused_by,
    say,
    sign_in,
    until_refused,
)
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from tests.support.world import Community, Person
from yoto.auth.guessing import SIGN_INS_OF_ADDRESS_TO_ACCOUNT

BURST = MESSAGES_OF_USER_IN_SERVER.burst or 0
RATE = 1.0  # a second


@pytest.fixture
def app_config(app_config: dict[str, Any], own_redis: Server) -> dict[str, Any]:
    return app_config | {"REDIS_URL": own_redis.url}


def test_limits_go_on_in_the_process_and_are_shared_again_afterwards(
    app: Flask,
    client: FlaskClient,
    own_redis: Server,
    community: Community,
    talker: Person,
    ada: Person,
) -> None:
    controller = resilience.of(app)
    assert say(client, talker, community.channel_id).status_code == 201
    lose(app, own_redis)

    def speak() -> TestResponse:
        return say(client, talker, community.channel_id)

    assert refused_by(until_refused(speak, BURST, RATE)) == "user+server"
    for _ in range(SIGN_INS_OF_ADDRESS_TO_ACCOUNT.limit or 0):
        assert sign_in(client, "ada").status_code == 401
    assert refused_by(sign_in(client, "ada")) == "user+ip"
    search = f"/api/v1/channels/{community.channel_id}/messages/search?q=Ahoy"
    assert client.get(search, headers=talker.headers).status_code == 200
    status = controller.store.status()
    assert status.state == "degraded" and status.answered_locally >= BURST

    own_redis.restart()
    # The first hit that Redis answers is told what was used meanwhile.
    wait_until(lambda: not controller.rate_limiter(MESSAGE_SEND).peek("anyone").degraded)
    # The quota used meanwhile stays used: nobody has it twice.
    assert say(client, community.owner, community.channel_id).status_code == 201
    left = dimensions(say(client, talker, community.channel_id), "RateLimit")["user+server"]
    assert left["r"] < BURST - 1


def test_once_the_loss_is_known_a_message_waits_for_nothing(
    app: Flask, client: FlaskClient, own_redis: Server, community: Community, talker: Person
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201
    lose(app, own_redis)
    for _ in range(5):  # the first of these find out
        answer = say(client, talker, community.channel_id)
        assert answer.status_code == 201, answer.text
    times = []
    for _ in range(8):
        started = time.perf_counter()
        assert say(client, talker, community.channel_id).status_code == 201
        times.append(time.perf_counter() - started)
    # One that waits for Redis takes its time-out at least; a busy machine slows some, not all.
    assert min(times) < 0.1
