"""The namespace of a started server, over both transports."""

from __future__ import annotations

import json
import queue
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.support.process import RunningYoto

NAMESPACE = "/community"


def call(url: str, body: Any = None, token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_message_sent_by_rest_reaches_a_socket(tmp_path: Path, transport: str) -> None:
    server = RunningYoto(tmp_path, YOTO_SEED_DEMO="0")
    client = socketio.Client(reconnection=False)
    try:
        api = f"{server.url}/api/v1"
        account = {"username": "alice", "password": "correct horse battery"}
        call(f"{api}/auth/register", account)
        token = call(f"{api}/auth/login", account)["access_token"]
        community = call(f"{api}/servers", {"name": "Harbour"}, token)
        channels = call(f"{api}/servers/{community['id']}/channels", token=token)
        channel_id = channels["items"][0]["id"]

        heard: queue.Queue[Any] = queue.Queue()
        client.on("message", heard.put, namespace=NAMESPACE)
        client.connect(
            server.url, auth={"token": token}, namespaces=[NAMESPACE], transports=[transport]
        )
        joined = client.call("join", {"channel_id": channel_id}, namespace=NAMESPACE)
        assert joined == {"ok": True, "channel_id": channel_id}
        sent = call(f"{api}/channels/{channel_id}/messages", {"content": "Ahoy"}, token)
        assert heard.get(timeout=10) == sent
    finally:
        client.disconnect()
        server.stop()


def test_a_socket_without_a_token_is_refused(tmp_path: Path) -> None:
    server = RunningYoto(tmp_path, YOTO_SEED_DEMO="0")
    client = socketio.Client(reconnection=False)
    try:
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(
                server.url, auth={"token": "forged"}, namespaces=[NAMESPACE], wait_timeout=5
            )
    finally:
        client.disconnect()
        server.stop()
