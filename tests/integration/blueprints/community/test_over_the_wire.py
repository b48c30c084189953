"""The namespace of a started server, over both transports."""

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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """A started server with the account of Alice."""
    running = RunningYoto(tmp_path_factory.mktemp("instance"), YOTO_SEED_DEMO="0")
    try:
        call(running, "auth/register", {**ACCOUNT, "display_name": "Alice"})
        yield running
    finally:
        running.stop()


@pytest.fixture
def client() -> Iterator[socketio.Client]:
    """A client that is not connected yet."""
    client = socketio.Client(reconnection=False)
    yield client
    client.disconnect()


def call(server: RunningYoto, path: str, body: Any = None, token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/api/v1/{path}", data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_message_sent_by_rest_reaches_a_socket(
    server: RunningYoto, client: socketio.Client, transport: str
) -> None:
    token = call(server, "auth/login", ACCOUNT)["access_token"]
    community = call(server, "servers", {"name": "Harbour"}, token)
    channels = call(server, f"servers/{community['id']}/channels", token=token)
    channel_id = channels["items"][0]["id"]

    heard: queue.Queue[Any] = queue.Queue()
    client.on("message", heard.put, namespace=NAMESPACE)
    client.connect(
        server.url, auth={"token": token}, namespaces=[NAMESPACE], transports=[transport]
    )
    joined = client.call("join", {"channel_id": channel_id}, namespace=NAMESPACE)
    assert joined == {"ok": True, "channel_id": channel_id}
    sent = call(server, f"channels/{channel_id}/messages", {"content": "Ahoy"}, token)
    assert heard.get(timeout=10) == sent


def test_a_socket_without_a_token_is_refused(server: RunningYoto, client: socketio.Client) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(server.url, auth={"token": "forged"}, namespaces=[NAMESPACE], wait_timeout=5)
