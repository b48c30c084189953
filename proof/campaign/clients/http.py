"""A client that knows what became of what it asked: done, not done, or not known."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from proof.campaign.history import Pending
from proof.cluster import callers

# s after which a client gives up, and after which nginx does (``proxy_read_timeout``). Both longer
# than every deadline, so that models see what passes one.
PATIENCE, NGINX_PATIENCE = 40.0, 30.0


@dataclass(frozen=True)
class Answer(callers.Answer):
    """The response, and what is known by it.

    Attributes:
        error: why nothing came.
        sent: whether the server may have got the request.
        repeated: whether nginx may have sent it again to another node, when the first one broke off
            (it does so with all but POST and PATCH): a refusal is then one of the second time.
    """

    sent: bool = True
    error: str = ""
    repeated: bool = False

    def settle(self, pending: Pending, value: Any = None) -> bool:
        """Note the outcome; whether it is ok."""
        if self.ok:
            pending.ok(value)
        elif not self.sent or (400 <= self.status < 500 and not self._may_have_happened):
            pending.failed(self.said)
        else:
            pending.unknown(self.said)
        return self.ok

    @property
    def _may_have_happened(self) -> bool:
        """Though it is refused: the first time, or under the same key by somebody else."""
        return self.repeated or (self.status == 409 and "idempotency" in str(self.body))

    @property
    def said(self) -> str:
        """In a few words."""
        if not self.status:
            return self.error
        detail = self.body.get("type", "") if isinstance(self.body, dict) else ""
        more = self.body.get("detail", "") if isinstance(self.body, dict) else str(self.body)[:80]
        return f"{self.status} {detail} {more}".strip()


@dataclass
class Http:
    """One kept connection to nginx, by TLS, or to a node, from an address of one's own in the
    loopback network.
    """

    url: str
    ca: Path
    source: str = "127.0.0.1"
    patience: float = PATIENCE
    _connection: HTTPConnection | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._context = ssl.create_default_context(cafile=str(self.ca))

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str = "",
        position: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; never raises for what the network or the server does."""
        sent_with = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent_with["Authorization"] = f"Bearer {token}"
        if position is not None:
            sent_with[callers.POSITION] = position
        connection = self._connection
        if connection is None:
            connection = self._made()
            try:
                connection.connect()
            except (OSError, HTTPException) as error:
                connection.close()
                return Answer(0, sent=False, error=repr(error))
        self._connection = None
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, sent_with)
            response = connection.getresponse()
            raw = response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            return Answer(0, error=repr(error))
        if response.will_close:
            connection.close()
        else:
            self._connection = connection
        try:
            said = json.loads(raw) if raw else None
        except ValueError:
            said = raw[:200].decode(errors="replace")
        repeated = method in ("PUT", "DELETE")
        return Answer(response.status, said, dict(response.getheaders()), repeated=repeated)

    @property
    def connected(self) -> bool:
        """Whether the last connection goes on, so that the same process answers again."""
        return self._connection is not None

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _made(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        host, port, source = parts.hostname or "", parts.port, (self.source, 0)
        if parts.scheme == "http":
            return HTTPConnection(host, port, timeout=self.patience, source_address=source)
        return HTTPSConnection(
            host, port, timeout=self.patience, context=self._context, source_address=source
        )
