"""A change of messages by one worker reaches the sockets of the others, once."""

from __future__ import annotations

import json
import queue
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import socketio
from flask import Flask
from flask.testing import FlaskClient

from app.blueprints.community_socket.fan_out import READY_SECONDS, MessageStream
from tests.integration.blueprints.community.test_namespace import NAMESPACE, Socket, say
from tests.support.applications import another_app
from tests.support.process import RunningYoto
from tests.support.redis_servers import Server, start_valkey
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.events import Events
from yoto.redis import RedisStore

SOCKETS = 8


@pytest.fixture
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@pytest.fixture
def app_config(app_config: dict[str, Any], own_redis: Server) -> dict[str, Any]:
    return app_config | {"REDIS_URL": own_redis.url}


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker on the same database and Redis."""
    with another_app(app_config, tmp_path / "other") as application:
        yield application


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def listener(world: World, community: Community) -> Person:
    """A plain member."""
    return world.member(community)


def joined(worker: Flask, person: Person, channel_id: int) -> Socket:
    """A socket of the worker that listens to the channel."""
    client = worker.extensions["socketio"].test_client(
        worker, namespace=NAMESPACE, auth={"token": person.token}
    )
    socket = Socket(client)
    assert socket.send("join", {"channel_id": channel_id})["ok"]
    return socket


def hears(socket: Socket, count: int) -> list[tuple[str, Any]]:
    """So many events, and no more within the time that one takes."""
    heard: list[tuple[str, Any]] = []

    def enough() -> bool:
        heard.extend(socket.heard())
        return len(heard) >= count

    wait_until(enough)
    time.sleep(0.3)  # a second copy comes by now
    heard.extend(socket.heard())
    return heard


def test_each_worker_hears_what_the_other_did_once_and_in_order(
    client: FlaskClient, app: Flask, other: Flask, community: Community, listener: Person
) -> None:
    here = joined(app, listener, community.channel_id)
    there = joined(other, listener, community.channel_id)
    sent = say(client, community.owner, community.channel_id)
    place = f"/api/v1/channels/{community.channel_id}/messages/{sent['id']}"
    edited = client.patch(place, json={"content": "Hoy"}, headers=community.owner.headers)
    assert edited.status_code == 200
    assert client.delete(place, headers=community.owner.headers).status_code == 204
    gone = {"id": sent["id"], "channel_id": community.channel_id}
    assert hears(here, 3) == [
        ("message", sent),
        ("message_edited", edited.get_json()),
        ("message_deleted", gone),
    ]
    # The other worker reads a message when it hears of it: one that is gone by then is not told.
    events = hears(there, 1)
    assert events[-1] == ("message_deleted", gone)
    assert [name for name, _ in events] in (
        ["message", "message_edited", "message_deleted"],
        ["message", "message_deleted"],
        ["message_edited", "message_deleted"],
        ["message_deleted"],
    )


def test_a_message_comes_to_the_other_worker_as_the_api_gives_it(
    client: FlaskClient, other: Flask, community: Community, listener: Person
) -> None:
    there = joined(other, listener, community.channel_id)
    sent = [say(client, community.owner, community.channel_id, f"{n}") for n in range(3)]
    assert hears(there, 3) == [("message", one) for one in sent]


def test_the_stream_holds_no_words(
    client: FlaskClient, app: Flask, own_redis: Server, community: Community
) -> None:
    sent = say(client, community.owner, community.channel_id, "a secret of two")
    stream = MessageStream(RedisStore.of(app), "a reader")
    (stored,) = stream.read()
    assert stored.source == Events.of(app).instance_id
    assert (stored.event.channel_id, stored.event.message_id) == (  # type: ignore[attr-defined]
        community.channel_id,
        sent["id"],
    )
    with own_redis.client() as redis:
        for key in redis.scan_iter("*community*"):
            assert b"secret" not in b"".join(
                value for _, fields in redis.xrange(key) for value in fields.values()
            )
            assert 0 < redis.pttl(key) <= 10 * 60 * 1000


def test_who_may_not_read_any_more_hears_nothing_from_another_worker(
    client: FlaskClient, world: World, other: Flask, community: Community, listener: Person
) -> None:
    stays = world.member(community)
    leaving = joined(other, listener, community.channel_id)
    staying = joined(other, stays, community.channel_id)
    put_out = client.delete(
        f"/api/v1/servers/{community.id}/members/{listener.id}", headers=community.owner.headers
    )
    assert put_out.status_code == 204, put_out.text
    say(client, community.owner, community.channel_id)
    assert [name for name, _ in hears(staying, 1)] == ["message"]
    assert "message" not in [name for name, _ in leaving.heard()]


def test_without_redis_the_own_sockets_still_hear(
    client: FlaskClient, app: Flask, own_redis: Server, community: Community, listener: Person
) -> None:
    here = joined(app, listener, community.channel_id)
    own_redis.kill()
    sent = say(client, community.owner, community.channel_id)
    assert hears(here, 1) == [("message", sent)]


def test_a_socket_that_comes_while_redis_is_away_hears_the_others_once_it_is_back(
    client: FlaskClient,
    other: Flask,
    own_redis: Server,
    community: Community,
    listener: Person,
) -> None:
    own_redis.kill()
    started = time.monotonic()
    there = joined(other, listener, community.channel_id)
    assert time.monotonic() - started < READY_SECONDS + 2
    own_redis.restart()
    heard: list[Any] = []

    def arrives() -> bool:
        say(client, community.owner, community.channel_id)
        time.sleep(0.3)  # fewer than the limit of a user refuses
        heard.extend(there.heard())
        return bool(heard)

    wait_until(arrives)
    assert heard[0][0] == "message"


def test_no_thread_listens_before_the_first_socket_or_after_the_end(
    app_config: dict[str, Any], app: Flask, community: Community, listener: Person, tmp_path: Path
) -> None:
    def threads() -> int:
        return sum(one.name == "yoto-fan-out" for one in threading.enumerate())

    before = threads()
    with another_app(app_config, tmp_path / "lazy") as lazy:
        assert lazy.test_client().get("/livez").status_code == 200
        assert threads() == before
        joined(lazy, listener, community.channel_id)
        assert threads() > before
    wait_until(lambda: threads() == before)


# From here on with workers as they are started for real.

ACCOUNT = {"username": "alice", "password": "correct horse battery"}


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    instance = tmp_path_factory.mktemp("instance")
    running = RunningYoto(instance, "--workers", "2", YOTO_SEED_DEMO="0")
    try:
        yield running
    finally:
        running.stop()


def call(server: RunningYoto, path: str, body: Any = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/api/v1/{path}", data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_every_socket_of_two_workers_hears_every_message_once(workers: RunningYoto) -> None:
    call(workers, "auth/register", {**ACCOUNT, "display_name": "Alice"})
    token = call(workers, "auth/login", ACCOUNT)["access_token"]
    server = call(workers, "servers", {"name": "Harbour"}, token)
    channel_id = call(workers, f"servers/{server['id']}/channels", token=token)["items"][0]["id"]
    heard: list[queue.Queue[Any]] = []
    clients = [socketio.Client(reconnection=False) for _ in range(SOCKETS)]
    with ExitStack() as end:
        end.callback(lambda: together([client.disconnect for client in clients]))
        for client in clients:
            heard.append(queue.Queue())
            client.on("message", heard[-1].put, namespace=NAMESPACE)
            client.connect(
                workers.url,
                auth={"token": token},
                namespaces=[NAMESPACE],
                transports=["websocket"],
            )
            client.call("join", {"channel_id": channel_id}, namespace=NAMESPACE)
        # Each comes on a connection of its own, so by either worker.
        sent = [
            call(workers, f"channels/{channel_id}/messages", {"content": f"{n}"}, token)
            for n in range(6)
        ]
        for socket in heard:
            found = [socket.get(timeout=10) for _ in sent]
            assert sorted(found, key=lambda one: one["id"]) == sent
        time.sleep(0.5)  # a second copy comes by now
        assert all(socket.empty() for socket in heard)
