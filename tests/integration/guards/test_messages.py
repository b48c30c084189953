"""Sending and searching: who is counted, and who is not."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import resilience
from app.guards import (
    INVITES_OF_USER,
    MESSAGE_SEARCH,
    MESSAGE_SEARCH_OF_USER,
    MESSAGE_SEND,
    MESSAGES_OF_USER_IN_SERVER,
    SEARCHES_AT_ONCE,
    SEARCHES_OF_USER_AT_ONCE,
    SENDS_AT_ONCE,
)
from tests.integration.guards.conftest import Operate, dimensions, refused_by, say, until_refused
from tests.support.process import ROOT
from tests.support.statements import count_statements
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.resilience import MultiDimensionalKey, ResilienceController
from yoto.resilience.bulkhead import partition_of

BURST = MESSAGES_OF_USER_IN_SERVER.burst or 0
RATE = 1.0  # a second
Limit = Callable[..., None]


@pytest.fixture
def controller(app: Flask) -> ResilienceController:
    return resilience.of(app)


def search(client: FlaskClient, person: Person, channel_id: int) -> Any:
    return client.get(f"/api/v1/channels/{channel_id}/messages/search?q=a", headers=person.headers)


def test_somebody_sends_so_many_messages_into_one_server(
    client: FlaskClient, world: World, community: Community, talker: Person
) -> None:
    other_channel = world.channel(community)
    elsewhere = world.server()
    world.member(elsewhere, talker)
    channels = itertools.cycle((community.channel_id, other_channel))
    refused = until_refused(lambda: say(client, talker, next(channels)), BURST, RATE)
    assert refused_by(refused) == "user+server"
    assert say(client, community.owner, community.channel_id).status_code == 201
    assert say(client, talker, elsewhere.channel_id).status_code == 201


def test_the_answer_names_every_dimension(
    client: FlaskClient, community: Community, talker: Person
) -> None:
    answer = say(client, talker, community.channel_id)
    assert dimensions(answer, "RateLimit-Policy") == {
        "user+server": {"q": 60, "w": 60},
        "user": {"q": 120, "w": 60},
        "server": {"q": 1200, "w": 60},
    }
    left = dimensions(answer, "RateLimit")
    assert {name: item["r"] for name, item in left.items()} == {
        "user+server": 19,
        "user": 39,
        "server": 299,
    }


@pytest.mark.parametrize("dimension", ["user", "server"])
def test_each_dimension_refuses_by_its_name(
    client: FlaskClient, community: Community, talker: Person, limit: Limit, dimension: str
) -> None:
    limit(MESSAGE_SEND, **{dimension: {"limit": 2, "window": 60}})
    for _ in range(2):
        assert say(client, talker, community.channel_id).status_code == 201
    refused = say(client, talker, community.channel_id)
    assert refused_by(refused) == dimension
    assert dimensions(refused, "RateLimit")[dimension]["r"] == 0
    answer = say(client, community.owner, community.channel_id)
    assert answer.status_code == (429 if dimension == "server" else 201)


def test_who_waits_as_told_may_send(
    client: FlaskClient, community: Community, talker: Person, limit: Limit
) -> None:
    limit(MESSAGE_SEND, user_server={"limit": 1, "window": 1.5})
    assert say(client, talker, community.channel_id).status_code == 201
    refused = say(client, talker, community.channel_id)
    assert refused_by(refused) == "user+server"
    time.sleep(int(refused.headers["Retry-After"]))
    assert say(client, talker, community.channel_id).status_code == 201


def test_editing_counts_as_sending(
    client: FlaskClient, community: Community, talker: Person
) -> None:
    sent = say(client, talker, community.channel_id)
    numbers = itertools.count()

    def edit() -> TestResponse:
        body = {"content": f"v{next(numbers)}"}
        return client.patch(sent.headers["Location"], json=body, headers=talker.headers)

    assert refused_by(until_refused(edit, BURST - 1, RATE)) == "user+server"


def test_strangers_use_up_nothing(
    client: FlaskClient,
    world: World,
    community: Community,
    controller: ResilienceController,
) -> None:
    stranger = world.user()
    for _ in range(BURST + 5):
        assert say(client, stranger, community.channel_id).status_code == 404
    left = controller.rate_limiter(MESSAGE_SEND).peek(
        MultiDimensionalKey(user_id=stranger.id, server_id=community.id)
    )
    assert {one.name: one.remaining for one in left.dimensions} == {
        "user+server": 20,
        "user": 40,
        "server": 300,
    }


def test_a_channel_that_is_not_there_stays_404(client: FlaskClient, talker: Person) -> None:
    assert say(client, talker, 999).status_code == 404


def test_counting_reads_the_channel_only_once(
    app: Flask, client: FlaskClient, community: Community, talker: Person
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201  # the cache is warm now
    with count_statements(app) as statements:
        assert say(client, talker, community.channel_id).status_code == 201
    by_key = [one for one in statements if "FROM channels" in one]
    assert len(by_key) == 1, statements


def test_sends_at_once_are_bounded(
    client: FlaskClient, community: Community, talker: Person, controller: ResilienceController
) -> None:
    with ExitStack() as inside:
        for _ in range(SENDS_AT_ONCE):
            inside.enter_context(controller.bulkhead(MESSAGE_SEND).acquire())
        full = say(client, talker, community.channel_id)
        assert full.status_code == 503
        assert full.get_json()["type"] == "urn:yoto:problem:bulkhead-full"
        assert int(full.headers["Retry-After"]) >= 1
    answer = say(client, talker, community.channel_id)
    assert answer.status_code == 201
    # The one that found no room was not charged.
    assert dimensions(answer, "RateLimit")["user"]["r"] == 39


def test_searches_at_once_are_bounded_for_all_channels_together(
    client: FlaskClient,
    community: Community,
    talker: Person,
    controller: ResilienceController,
    operate: Operate,
) -> None:
    operate("set", "bulkhead", MESSAGE_SEARCH, "wait=0.05")
    wait_until(lambda: controller.get_bulkhead_config(MESSAGE_SEARCH).wait == 0.05)
    server_wide = f"/api/v1/servers/{community.id}/messages/search?q=a"
    with ExitStack() as inside:
        for _ in range(SEARCHES_AT_ONCE):
            inside.enter_context(controller.bulkhead(MESSAGE_SEARCH).acquire())
        for full in (
            search(client, talker, community.channel_id),
            client.get(server_wide, headers=talker.headers),
        ):
            assert full.status_code == 503
            assert full.get_json()["type"] == "urn:yoto:problem:bulkhead-full"
            assert int(full.headers["Retry-After"]) >= 1
        assert say(client, talker, community.channel_id).status_code == 201
    assert search(client, talker, community.channel_id).status_code == 200
    assert client.get(server_wide, headers=talker.headers).status_code == 200
    assert controller.get_bulkhead_stats(MESSAGE_SEARCH).held == 0


def test_one_user_takes_two_places_of_search_and_leaves_the_others(
    client: FlaskClient,
    world: World,
    community: Community,
    talker: Person,
    controller: ResilienceController,
) -> None:
    other = world.member(community)
    own = controller.bulkhead(MESSAGE_SEARCH_OF_USER)
    mine = partition_of(own.get_config().strategy, MultiDimensionalKey(user_id=talker.id))
    with ExitStack() as inside:
        for _ in range(SEARCHES_OF_USER_AT_ONCE):
            inside.enter_context(own.acquire(partition=mine))
        refused = search(client, talker, community.channel_id)
        assert refused.status_code == 503
        assert refused.get_json()["name"] == MESSAGE_SEARCH_OF_USER
        assert controller.get_bulkhead_stats(MESSAGE_SEARCH).held == 0
        assert search(client, other, community.channel_id).status_code == 200
    assert search(client, talker, community.channel_id).status_code == 200


def test_an_isolated_breaker_closes_the_route_until_it_is_reset(
    client: FlaskClient,
    community: Community,
    talker: Person,
    operate: Operate,
) -> None:
    assert search(client, talker, community.channel_id).status_code == 200
    operate("isolate", MESSAGE_SEARCH)
    refused = search(client, talker, community.channel_id)
    assert refused.status_code == 503
    problem = refused.get_json()
    assert problem["type"] == "urn:yoto:problem:circuit-isolated"
    assert problem["name"] == MESSAGE_SEARCH
    assert int(refused.headers["Retry-After"]) >= 1
    assert say(client, talker, community.channel_id).status_code == 201
    operate("close", MESSAGE_SEARCH)
    assert search(client, talker, community.channel_id).status_code == 200
    operate("isolate", MESSAGE_SEARCH)
    assert search(client, talker, community.channel_id).status_code == 503
    operate("reset", MESSAGE_SEARCH)
    assert search(client, talker, community.channel_id).status_code == 200


def test_who_tries_codes_of_invites_is_stopped(
    client: FlaskClient, world: World, community: Community
) -> None:
    guesser = world.user()
    for number in range(INVITES_OF_USER.limit or 0):
        answer = client.post(f"/api/v1/invites/guess{number}/join", headers=guesser.headers)
        assert answer.status_code == 404
    code = world.invite(community)
    refused = client.post(f"/api/v1/invites/{code}/join", headers=guesser.headers)
    assert refused_by(refused) == "user"
    friend = world.user()
    joined = client.post(f"/api/v1/invites/{code}/join", headers=friend.headers)
    assert joined.status_code == 201
    assert dimensions(joined, "RateLimit")["user"]["r"] == 19


@pytest.fixture
def flask_command(app_config: dict[str, Any], tmp_path: Path) -> Iterator[Callable[..., None]]:
    """``flask resilience ...`` as a process of its own."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("YOTO_")}
    settings = {f"YOTO_{name}": str(value) for name, value in app_config.items()}
    names |= settings | {"YOTO_INSTANCE_PATH": str(tmp_path / "terminal")}

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "flask", "--app", "app", "resilience", *arguments]
        done = subprocess.run(command, env=names, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    yield run


def test_a_limit_set_at_a_terminal_bites_soon(
    client: FlaskClient,
    community: Community,
    talker: Person,
    controller: ResilienceController,
    flask_command: Callable[..., None],
) -> None:
    assert say(client, talker, community.channel_id).status_code == 201
    flask_command(
        *("set", "rate_limit", MESSAGE_SEND, "limit=1", "window=60", 'dimensions=["user"]'),
        *("--reason", "a raid"),
    )
    statuses = []

    def bites() -> bool:
        time.sleep(0.05)  # so that a second's polls come before the burst of old is used up
        statuses.append(say(client, talker, community.channel_id).status_code)
        return statuses[-1] == 429

    wait_until(bites)
    assert len(statuses) < BURST, statuses
    flask_command("delete", "rate_limit", MESSAGE_SEND, "--reason", "it is over")
    wait_until(lambda: len(controller.get_rate_limit_config(MESSAGE_SEND).dimensions) == 3)
    assert say(client, talker, community.channel_id).status_code == 201
