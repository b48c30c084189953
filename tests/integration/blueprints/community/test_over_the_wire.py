"""The namespace of a started server, over the transports that its mode offers."""

from __future__ import annotations

import json
import queue
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import socketio

from tests.support.process import RunningYoto

NAMESPACE = "/community"
ACCOUNT = {"username": "alice", "password": "correct horse battery"}


# Threads of several workers offer no polling: the next request would reach any of them.
TRANSPORTS = {"threading": ["websocket"], "eventlet": ["polling", "websocket"]}


@pytest.fixture(scope="module", params=TRANSPORTS)
def server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningYoto]:
    """A started server with the account of Alice."""
    instance = tmp_path_factory.mktemp("instance")
    running = RunningYoto(instance, YOTO_SEED_DEMO="0", YOTO_ASYNC_MODE=request.param)
    try:
        call(running, "auth/register", {**ACCOUNT, "display_name": "Alice"})
        yield running
    finally:
        running.stop()


def call(server: RunningYoto, path: str, body: Any = None, token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/api/v1/{path}", data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_a_message_sent_by_rest_reaches_a_socket_over_each_transport(server: RunningYoto) -> None:
    token = call(server, "auth/login", ACCOUNT)["access_token"]
    community = call(server, "servers", {"name": "Harbour"}, token)
    channels = call(server, f"servers/{community['id']}/channels", token=token)
    channel_id = channels["items"][0]["id"]

    for transport in TRANSPORTS[server.environment["YOTO_ASYNC_MODE"]]:
        heard: queue.Queue[Any] = queue.Queue()
        client = socketio.Client(reconnection=False)
        client.on("message", heard.put, namespace=NAMESPACE)
        client.connect(
            server.url, auth={"token": token}, namespaces=[NAMESPACE], transports=[transport]
        )
        joined = client.call("join", {"channel_id": channel_id}, namespace=NAMESPACE)
        assert joined == {"ok": True, "channel_id": channel_id}
        sent = call(server, f"channels/{channel_id}/messages", {"content": "Ahoy"}, token)
        assert heard.get(timeout=10) == sent
        client.disconnect()


def test_a_socket_without_a_token_is_refused(server: RunningYoto) -> None:
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError, match="namespaces failed"):
        client.connect(
            server.url,
            auth={"token": "forged"},
            namespaces=[NAMESPACE],
            transports=["websocket"],
            wait_timeout=5,
        )
    client.disconnect()
