"""The waits of a request's caller: SQL statements, and round trips to Redis."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.connection import AbstractConnection
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.http.rows import COUNTED_HEADER, COUNTS_PATH
from yoto.redis.node import Node

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(slots=True)
class Counts:
    """The counts of some requests.

    Attributes:
        statements: the text of each; SQLite's BEGIN is none, MariaDB's driver sends none.
        round_trips: by our short path and by redis-py; a pipeline is one.
        requests: the number of requests.
    """

    statements: list[str] = field(default_factory=list)
    round_trips: int = 0
    requests: int = 0


class Counter:
    """Counts for threads (greenlets) that asked for it; the work of others is left out."""

    def __init__(self) -> None:
        self._of: dict[int, Counts] = {}
        event.listen(Engine, "before_cursor_execute", self._on_statement)
        self._before(Node, "take")
        self._before(AbstractConnection, "send_packed_command")

    @contextmanager
    def counting(self, counts: Counts) -> Iterator[None]:
        """Add what this thread does inside to ``counts``, as of one request."""
        self._of[threading.get_ident()] = counts
        counts.requests += 1
        try:
            yield
        finally:
            del self._of[threading.get_ident()]

    def _before(self, owner: type, name: str) -> None:
        """Count a round trip before each call of a method: each is the start of one."""
        method = getattr(owner, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            counts = self._of.get(threading.get_ident())
            if counts is not None:
                counts.round_trips += 1
            return method(*arguments, **named)

        setattr(owner, name, counted)

    def _on_statement(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        counts = self._of.get(threading.get_ident())
        if counts is not None and not statement.startswith("BEGIN"):
            counts.statements.append(statement)


class CountingWsgi:
    """WSGI middleware that counts for requests with a header, and returns its counts since it was
    asked last. Other requests pay only a look for that header.
    """

    def __init__(self, wsgi: Wsgi) -> None:
        self._wsgi = wsgi
        self._counter: Counter | None = None
        self._counts = Counts()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if COUNTED_HEADER not in environ:
            return self._wsgi(environ, start_response)
        if environ["PATH_INFO"] == COUNTS_PATH:
            return self._report(start_response)
        # Not before: a measurement of others' time must find nothing patched.
        self._counter = self._counter or Counter()
        with self._counter.counting(self._counts):
            body = self._wsgi(environ, start_response)
            try:
                return [b"".join(body)]
            finally:
                if hasattr(body, "close"):
                    body.close()

    def _report(self, start_response: Callable[..., Any]) -> list[bytes]:
        counts, self._counts = self._counts, Counts()
        counted = {
            "requests": counts.requests,
            "statements": len(counts.statements),
            "round_trips": counts.round_trips,
        }
        body = json.dumps(counted).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
