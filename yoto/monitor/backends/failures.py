"""The failures between the backend and Redis, by kind."""

from __future__ import annotations

import logging
from collections import Counter
from enum import StrEnum

from redis import exceptions

from yoto.errors import PlatformError, StoreUnavailable

log = logging.getLogger(__name__)


class FailureKind(StrEnum):
    """``operation``: the server responded, and refused the operation."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    AUTHENTICATION = "authentication"
    OPERATION = "operation"


# The first that fits: redis-py derives refused passwords and time-outs from lost connections.
_KINDS: tuple[tuple[FailureKind, tuple[type[BaseException], ...]], ...] = (
    (
        FailureKind.AUTHENTICATION,
        (
            exceptions.AuthenticationError,
            exceptions.AuthenticationWrongNumberOfArgsError,
            exceptions.AuthorizationError,
            exceptions.NoPermissionError,
        ),
    ),
    # A socket after its time-out reports that it would block.
    (FailureKind.TIMEOUT, (exceptions.TimeoutError, TimeoutError, BlockingIOError)),
    (FailureKind.CONNECTION, (exceptions.ConnectionError, OSError)),
    (FailureKind.OPERATION, (exceptions.RedisError,)),
)

_SENTENCES = {
    FailureKind.CONNECTION: "redis cannot be reached, memory takes over: %s",
    FailureKind.TIMEOUT: "redis does not answer in time, memory takes over: %s",
    FailureKind.AUTHENTICATION: "redis refuses our user or password, memory takes over: %s",
    FailureKind.OPERATION: "redis refuses what the monitor asks, memory takes over: %s",
}


def failure_kind(error: BaseException) -> FailureKind:
    """The kind of an error, by itself or its cause; a lost connection if neither shows it."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        further = cause.cause if isinstance(cause, StoreUnavailable) else None
        cause = further or cause.__cause__
    # From the root: the driver's own error is more precise than its wrappers.
    for one in reversed(seen):
        for kind, types in _KINDS:
            if isinstance(one, types):
                return kind
    return FailureKind.CONNECTION if isinstance(error, PlatformError) else FailureKind.OPERATION


class FailureLog:
    """Counts failures by kind; an outage, and each change of its kind, is logged once.

    Attributes:
        counts: failures so far, by kind.
        current: the kind of the present outage; None without one.
        last: the last error of the outage.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()
        self.current: FailureKind | None = None
        self.last: str | None = None

    def failed(self, error: BaseException) -> None:
        """Record an error."""
        kind = failure_kind(error)
        self.counts[kind.value] += 1
        if kind is not self.current:
            level = logging.ERROR if kind is FailureKind.AUTHENTICATION else logging.WARNING
            log.log(level, _SENTENCES[kind], error)
        self.current, self.last = kind, str(error)

    def news(self) -> dict[str, int]:
        """Failures since the last call, by kind."""
        counts = Counter(self.counts)
        new, self._reported = counts - self._reported, counts
        return dict(new)

    def succeeded(self) -> None:
        """Record a success, which ends an outage."""
        if self.current is not None:
            log.info("redis takes measurements again")
            self.current = self.last = None
