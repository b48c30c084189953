"""People who use a started server over HTTP."""

from __future__ import annotations

import itertools
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.support.process import RunningYoto

PASSWORD = "correct horse battery"
_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """A channel of a server, and the tokens of the people in it by their names."""

    server_id: int
    channel_id: int
    tokens: dict[str, str]


def call(
    server: RunningYoto, method: str, path: str, body: Any = None, token: str = ""
) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/api/v1/{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def settle(server: RunningYoto, people: int) -> Place:
    """So many new accounts in one channel of a new server."""
    tokens = {}
    for number in itertools.islice(_numbers, people):
        name = f"person{number}"
        account = {"username": name, "display_name": name, "password": PASSWORD}
        assert call(server, "POST", "auth/register", account)[0] == 201
        credentials = {"username": name, "password": PASSWORD}
        tokens[name] = call(server, "POST", "auth/login", credentials)[1]["access_token"]
    owner = next(iter(tokens.values()))
    harbour = call(server, "POST", "servers", {"name": "Harbour"}, owner)[1]["id"]
    channels = call(server, "GET", f"servers/{harbour}/channels", token=owner)[1]["items"]
    code = call(server, "POST", f"servers/{harbour}/invites", {}, owner)[1]["code"]
    for token in list(tokens.values())[1:]:
        assert call(server, "POST", f"invites/{code}/join", token=token)[0] == 201
    return Place(harbour, channels[0]["id"], tokens)
