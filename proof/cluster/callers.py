"""People who call the topology as programs do: through nginx, or one node past it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import urllib3

from proof.cluster import Cluster

ANSWER_SECONDS = 30.0
POSITION = "X-Permission-Position"


@dataclass(frozen=True)
class Answer:
    """The response; ``status`` 0: nothing that is an answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def position(self) -> str | None:
        """The position of the change that was made."""
        return self.headers.get(POSITION)


def found_server(ask: Callable[[str, str, Any], Any], name: str = "A test") -> tuple[int, int, str]:
    """A new server: its id, that of its first channel, and the code of an invitation.

    Args:
        ask: gives the body of the answer to a method, a path below ``/api/v1/`` and a body.
    """
    server = ask("POST", "servers", {"name": name})["id"]
    channels = ask("GET", f"servers/{server}/channels", None)["items"]
    code = ask("POST", f"servers/{server}/invites", {})["code"]
    return server, channels[0]["id"], code


class Caller:
    """One account, signed in once; asks nothing twice by itself."""

    def __init__(self, cluster: Cluster, username: str, password: str | None = None) -> None:
        self.cluster = cluster
        self.username = username
        self.password = password or cluster.passwords[username]
        self.pool = urllib3.PoolManager(
            ca_certs=str(cluster.ca), retries=False, timeout=ANSWER_SECONDS, maxsize=16
        )
        self.token = ""
        self.id = 0

    def sign_in(self) -> Answer:
        """Get a new access token."""
        given = {"username": self.username, "password": self.password}
        answer = self.call("POST", "auth/login", given, token="")
        if answer.status == 200:
            self.token = answer.body["access_token"]
            self.id = self.id or int(self.call("GET", "auth/me").body["id"])
        return answer

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        base: str | None = None,
        position: str | None = None,
    ) -> Answer:
        """One request of ``/api/v1``.

        Args:
            base: a node's own address; through nginx when left out.
            position: the change that the answer must include.
        """
        token = self.token if token is None else token
        # A kept connection may be written to at its end, and nobody knows what became of that.
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if position is not None:
            headers[POSITION] = position
        data = None if body is None else json.dumps(body)
        url = f"{base or self.cluster.url}/api/v1/{path}"
        try:
            found = self.pool.request(method, url, body=data, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            return Answer(0, repr(error))
        is_json = found.data and "json" in found.headers.get("Content-Type", "")
        return Answer(
            found.status, json.loads(found.data) if is_json else found.data, dict(found.headers)
        )

    def close(self) -> None:
        """Close its connections."""
        self.pool.clear()


@dataclass(frozen=True)
class Place:
    """A server of ``owner`` with its first channel, and ``member`` in it.

    Attributes:
        role_id: a role that nobody has, with ``channel.manage``.
    """

    owner: Caller
    member: Caller
    server_id: int
    channel_id: int
    role_id: int

    def allowed(self, permission: str, base: str | None = None) -> bool | None:
        """Whether the member may do that in the server, by one node's word; None: no answer."""
        question = {"permission": permission, "scope": "server", "scope_id": self.server_id}
        answer = self.member.call("POST", "permissions/check", question, base=base)
        return bool(answer.body["allowed"]) if answer.status == 200 else None

    def give(self, base: str | None = None) -> Answer:
        """Give the member the role."""
        path = f"roles/{self.role_id}/members/{self.member.id}"
        return self.owner.call("PUT", path, {"reason": "a test"}, base=base)

    def take(self, base: str | None = None) -> Answer:
        """Take the role back."""
        path = f"roles/{self.role_id}/members/{self.member.id}?reason=test"
        return self.owner.call("DELETE", path, base=base)

    def say(self, text: str, base: str | None = None, by: Caller | None = None) -> Answer:
        """Send a message to the channel."""
        path = f"channels/{self.channel_id}/messages"
        return (by or self.member).call("POST", path, {"content": text}, base=base)


def settle(cluster: Cluster, owner: str = "mara") -> Place:
    """A new server with a new member, through nginx."""
    owning = Caller(cluster, owner)
    assert owning.sign_in().status == 200
    name = f"t_{secrets.token_hex(5)}"
    member = Caller(cluster, name, secrets.token_urlsafe(18))
    given = {"username": name, "password": member.password, "display_name": "A test"}
    assert member.call("POST", "auth/register", given).status == 201
    assert member.sign_in().status == 200

    def asked(method: str, path: str, body: Any, by: Caller = owning) -> Any:
        answer = by.call(method, path, body)
        assert answer.status in (200, 201), answer
        return answer.body

    server, channel, code = found_server(asked)
    asked("POST", f"invites/{code}/join", {}, by=member)
    makers = {"name": "Makers", "reason": "a test"}
    role = asked("POST", f"servers/{server}/roles", makers)["id"]
    granted = owning.call(
        "PUT", f"roles/{role}/grants/channel.manage", {"effect": "allow", "reason": "a test"}
    )
    assert granted.status in (200, 201, 204), granted
    return Place(owning, member, server, channel, role)
