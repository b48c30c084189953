"""The measurement of whole requests: its servers answer, its client asks, and both count right."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from benchmarks.http.client import NotAnswered, ask, moments, request_for
from benchmarks.http.rows import CHANNEL, COUNTS_PATH, PLAIN, ROWS, Asked, Row
from benchmarks.http.servers import Process, peer
from benchmarks.http.views import add_views
from tests.support.redis_servers import Server
from tests.support.world import World

ASYNC_MODE = os.environ.get("YOTO_TEST_ASYNC_MODE", "threading")
COUNTED = {"X-Bench-Counted": "1"}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The server of the bare view."""
    with peer(tmp_path_factory.mktemp("bare"), Asked.BARE, ASYNC_MODE, "") as process:
        yield process


def answered_by(process: Process, path: str, headers: dict[str, str]) -> dict[str, int]:
    """A server's answer in JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", process.port)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    assert response.status == 200
    response_body: dict[str, int] = json.loads(response.read())
    connection.close()
    return response_body


@pytest.mark.parametrize("rate", [100, None])
def test_the_client_asks_at_a_rate_or_as_fast_as_it_can(bare: Process, rate: float | None) -> None:
    seen = ask(bare.port, request_for("/view", None), 0.2, rate)
    assert seen.latencies and min(seen.latencies) > 0
    if rate is not None:
        assert len(seen.latencies) == len(list(moments(rate, 0.2)))


def test_the_client_takes_no_other_answer_than_200(bare: Process) -> None:
    with pytest.raises(NotAnswered, match="404"):
        ask(bare.port, request_for("/nowhere", None), 0.2, 100)


def test_a_server_says_what_the_requests_with_the_header_waited_for(bare: Process) -> None:
    for headers in (COUNTED, {}):
        assert answered_by(bare, "/view", headers)["id"] == CHANNEL
    for requests in (1, 0):
        counts = answered_by(bare, COUNTS_PATH, COUNTED)
        assert counts == {"requests": requests, "statements": 0, "round_trips": 0}


def test_every_row_of_a_plain_application_is_answered(
    tmp_path: Path, valkey_server: Server
) -> None:
    with peer(tmp_path, Asked.PLAIN, ASYNC_MODE, valkey_server.url) as process:
        for row in PLAIN:
            assert answered_by(process, row.path, {})["id"] == CHANNEL, row.name
        used = process.processor_seconds()
        for _ in range(200):
            answered_by(process, "/empty", {})
        # Also of the worker that a master forked.
        assert used is not None and (process.processor_seconds() or 0) > used


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.asked is Asked.OURS], ids=lambda row: row.name
)
def test_every_row_of_ours_is_answered_to_whom_it_is_for(app: Flask, row: Row) -> None:
    world = World(app)
    community = world.server()
    assert community.channel_id == CHANNEL
    member = world.member(community)
    world.messages(CHANNEL, member, 2)
    add_views(app)
    client = app.test_client()
    assert client.get(row.path, headers=member.headers).status_code == 200
    assert client.get(row.path).status_code == (401 if row.signed_in else 200)
