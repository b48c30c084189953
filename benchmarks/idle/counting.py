"""Counts the commands and statements of workers that serve no requests."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol, Self

import pymysql
import redis

from tests.support.closing import Closing

# Parts of keys that differ from run to run.
_VARYING = re.compile(r"\d+|[0-9a-f]{8,}")
_STATEMENTS = ("Com_select", "Com_insert", "Com_update", "Com_delete", "Com_replace")
SHOWN = 110  # characters of a statement
_COUNT = "yoto_database_statement_seconds_count"


class Commands(Closing):
    """Hears every command of a server; what scripts call inside is not counted."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._monitor: Any = self._client.monitor()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._stop = threading.Event()
        self.seen: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._monitor.__enter__()
        self._thread.start()
        return self

    def close(self) -> None:
        """Hear no more."""
        self._stop.set()
        self._client.ping()
        self._thread.join()
        self._monitor.__exit__(None, None, None)
        self._client.close()

    def _listen(self) -> None:
        for heard in self._monitor.listen():
            if self._stop.is_set():
                return
            if heard["client_type"] != "lua":
                self.seen[_named(heard["command"])] += 1


def _named(command: str) -> str:
    """A command and its key, without varying parts."""
    name, *rest = command.split()
    at = 2 if name.upper() in ("EVALSHA", "EVAL") else 0
    if name.upper() in ("XREAD", "XREADGROUP") and "STREAMS" in rest:
        at = rest.index("STREAMS") + 1
    key = rest[at] if at < len(rest) else ""
    return f"{name.upper()} {_VARYING.sub('*', key)}".strip()


class Statements(Protocol):
    """Counts statements until now."""

    def __call__(self) -> int | None:
        """The number; None: unknown."""


class OfServer:
    """The statements that a MariaDB received, without the beginnings and ends of transactions."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self) -> int | None:
        found = dict(self._ask("SHOW GLOBAL STATUS"))
        return sum(int(found[name]) for name in _STATEMENTS)

    def hear(self) -> None:
        """Keep every statement from now on."""
        self._ask("SET GLOBAL log_output='TABLE'")
        self._ask("SET GLOBAL general_log=1")

    def heard(self) -> Counter[str]:
        """The number of times of each statement since ``hear``, without varying parts."""
        self._ask("SET GLOBAL general_log=0")
        rows = self._ask("SELECT argument FROM mysql.general_log WHERE command_type='Query'")
        texts = (row[0].decode() if isinstance(row[0], bytes) else row[0] for row in rows)
        return Counter(_shortened(text) for text in texts)

    def _ask(self, statement: str) -> Sequence[Any]:
        with (
            pymysql.connect(host="127.0.0.1", port=self._port, user="root") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return cursor.fetchall()


def _shortened(statement: str) -> str:
    text = _VARYING.sub("*", " ".join(statement.split()))
    return re.sub(r"SELECT .*? FROM", "SELECT .. FROM", text)[:SHOWN]


class OfWorker:
    """The statements that one worker counted itself, for a database that does not count."""

    def __init__(self, url: str, workers: int) -> None:
        self._url = url
        self._workers = workers

    def __call__(self) -> int | None:
        if self._workers > 1:
            # Any worker may answer, and counts only its own.
            return None
        with urllib.request.urlopen(f"{self._url}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith(_COUNT))
