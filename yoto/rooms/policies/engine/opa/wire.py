"""Requests to an OPA server: its settings, and connections that are pooled, in time, and JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, TimeoutError

from yoto.deadlines import check_deadline, left_of, spending
from yoto.errors import PolicyUnavailable
from yoto.resilience import CircuitBreakerConfig
from yoto.rooms.policies.settings import Policies
from yoto.settings import declared, of
from yoto.whole_response import DeadlineConnection, DeadlineTlsConnection

# Seconds. Sending a bundle compiles all modules of the server once a module.
DEFAULT_PUSH_TIMEOUT = 15.0

OPA_BREAKER = CircuitBreakerConfig(
    # Consecutive evaluations without a response.
    consecutive_failures=5,
    # Seconds. A server that restarts is back soon, and every second without it denies.
    recovery_timeout=1.0,
    recovery_timeout_max=5.0,
    # Seconds. A slow call passes the time-out, and that is a failure already.
    slow_call_duration=declared(Policies)["OPA_TIMEOUT"].default * 10,
)


@dataclass(frozen=True, slots=True)
class OpaSettings:
    """One server.

    Attributes:
        url: ``http://host:port`` or ``https://...``, with a path in front of ``/v1`` if need be.
        token: bearer token; empty: none is sent.
        ca_file: PEM file of the authorities to trust; None: the system's.
        timeout: seconds after which an evaluation is given up.
        push_timeout: seconds after which sending a whole bundle is given up.
    """

    url: str
    token: str = field(default="", repr=False)
    ca_file: str | None = None
    timeout: float = of("OPA_TIMEOUT")
    push_timeout: float = DEFAULT_PUSH_TIMEOUT


# Each request may be sent twice: it reads, or puts the same data again.
ATTEMPTS = 2
# Connections that are kept open.
CONNECTIONS = 16


class BadAnswer(Exception):
    """The response is not one of an OPA server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's response: HTTP status and JSON; None if it sent nothing."""

    status: int
    body: Any


class Deadline:
    """A time on the clock by which an operation must end, its caller's deadline included."""

    def __init__(self, seconds: float) -> None:
        """Raises ``DeadlineExceeded`` where that has passed."""
        self._at = monotonic() + left_of(seconds)

    def left(self) -> float:
        """Seconds until then; 0 afterwards."""
        return max(0.0, self._at - monotonic())


class Wire:
    """Connections to one server; opened when they are needed. Safe for threads and greenlets."""

    def __init__(self, settings: OpaSettings) -> None:
        """Nothing connects yet."""
        self._settings = settings
        self._base = (urllib3.util.parse_url(settings.url).path or "").rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if settings.token:
            self._headers["Authorization"] = f"Bearer {settings.token}"
        self._pool = _pool_of(settings)

    def ask(self, method: str, path: str, body: str | None, deadline: Deadline) -> Answer:
        """One request, sent again if its connection broke.

        Raises:
            PolicyUnavailable: no response within the deadline, an unreadable one, or one that
                refuses our access.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with spending("opa"):
                    return self._once(method, path, body, deadline)
            except TimeoutError as error:
                check_deadline()
                raise PolicyUnavailable(error) from error
            except (HTTPError, OSError, BadAnswer) as error:
                if attempt == ATTEMPTS or isinstance(error, BadAnswer) or not deadline.left():
                    raise PolicyUnavailable(error) from error
        raise AssertionError("every attempt returns or raises")

    def close(self) -> None:
        """Close all connections; a later request opens others."""
        pool, self._pool = self._pool, _pool_of(self._settings)
        pool.close()

    def _once(self, method: str, path: str, body: str | None, deadline: Deadline) -> Answer:
        left = deadline.left()
        if not left:
            raise TimeoutError("no time left")
        response = self._pool.urlopen(
            method,
            self._base + path,
            body=None if body is None else body.encode("utf-8"),
            headers=self._headers,
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(total=left),
        )
        if response.status not in (200, 204, 400, 404, 500):
            raise BadAnswer(f"HTTP status {response.status}")
        return Answer(response.status, _parsed(response.data))


def _pool_of(settings: OpaSettings) -> urllib3.HTTPConnectionPool:
    tls = urllib3.util.parse_url(settings.url).scheme == "https"
    options: dict[str, Any] = {"maxsize": CONNECTIONS, "block": False}
    if tls:
        options |= {"ca_certs": settings.ca_file, "cert_reqs": "CERT_REQUIRED"}
    pool = urllib3.connection_from_url(settings.url, **options)
    # urllib3 has this attribute for exactly such a connection.
    pool.ConnectionCls = DeadlineTlsConnection if tls else DeadlineConnection
    return pool


def _parsed(data: bytes) -> Any:
    if not data:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("not JSON") from error
