"""No worker ends by itself, and no error is logged that is not of a known kind."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

ENDED = re.compile(r"worker (\d+) ended with (-?\w+)")
KILLED = "-9"
# Errors that faults of stores lead to; any other that is logged with a trace is a fault of ours. It
# is the outermost exception that counts, which is what our code made of it.
KNOWN = frozenset(
    {
        "StoreUnavailable",
        "OutcomeUnknown",
        "CircuitOpen",
        "WriteConflict",
        "OperationalError",
        "InterfaceError",
        "DBAPIError",
        "TimeoutError",
        "ConnectionError",
        "ConnectionResetError",
        "ConnectionRefusedError",
        "BrokenPipeError",
        "ClusterDownError",
        "BusyLoadingError",
        "LockLost",
        "LockNotAcquired",
        "StaleToken",
        "PolicyUnavailable",
    }
)
# The same of a database that is broken, and of nothing else: rows that are not what they were when
# a transaction is lost, and 1047 and the like, of a server that ends.
OF_A_BROKEN_DATABASE = frozenset(
    {
        "InternalError",
        "IntegrityError",
        "StaleDataError",
        "NoResultFound",
        "ObjectDeletedError",
    }
)
# s since the end of a fault's window in which its consequences are logged.
LATER = 5.0
# Texts that only an error that nobody expected logs.
NEVER = re.compile(
    r"unexpected error in|failed after the request was answered|Traceback \(most recent call last\)"
    r"|ended by an error"
)
SHOWN = 300  # characters


def violations(
    lines: Iterable[str], kills: int, database: Sequence[tuple[float, float]] = ()
) -> list[str]:
    """Lines in the logs of a run that must not be there.

    Args:
        kills: how many workers the campaign killed while their supervisor lived.
        database: from when until when the database was broken, in seconds since 1970.
    """
    found: Counter[str] = Counter()
    ended = 0
    for line in lines:
        match = ENDED.search(line)
        if match is not None:
            ended += match[2] == KILLED
            if match[2] not in (KILLED, "0"):
                found[f"a worker ended by itself, with {match[2]}"] += 1
        said = _parsed(line)
        unknown = _unknown(said, database)
        if unknown is not None:
            found[unknown] += 1
        elif NEVER.search(line) and not said.get("exception"):
            found[_shown(said, line)] += 1
    if ended > kills:
        found[f"{ended} workers ended with {KILLED}, {kills} were killed"] += 1
    return [f"{what} ({times} times)" for what, times in found.items()]


def _parsed(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _unknown(said: dict[str, Any], database: Sequence[tuple[float, float]]) -> str | None:
    """The exception of a line, if it is of no known kind."""
    exceptions = said.get("exception")
    if not isinstance(exceptions, list) or not exceptions:
        return None
    kind = str(exceptions[0].get("exc_type", "")).rpartition(".")[2]
    if kind in KNOWN or (kind in OF_A_BROKEN_DATABASE and _within(said, database)):
        return None
    value = str(exceptions[0].get("exc_value", ""))
    return f"{said.get('logger')}: {said.get('event')}: {kind}: {value}"[:SHOWN]


def _within(said: dict[str, Any], windows: Sequence[tuple[float, float]]) -> bool:
    try:
        at = datetime.fromisoformat(str(said.get("timestamp"))).timestamp()
    except ValueError:
        return False
    return any(began <= at <= healed + LATER for began, healed in windows)


def _shown(said: dict[str, Any], line: str) -> str:
    if said:
        return f"{said.get('logger')}: {said.get('event')}"[:SHOWN]
    return line.strip()[:SHOWN]
