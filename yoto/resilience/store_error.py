"""The state of guards without Redis: counted, visible, and left when Redis is back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from yoto.errors import StoreUnavailable

log = logging.getLogger(__name__)


# Seconds. The connection decides when Redis is asked again at the earliest; callers that were
# refused without it may try soon.
RETRY_AFTER = 1.0


@dataclass(frozen=True)
class StoreHealth:
    """The state of a guard without Redis.

    Attributes:
        degraded: it decides without Redis now.
        store_errors: script calls that failed, ever.
        answered_locally: decisions made without Redis, ever.
        degraded_for: seconds since Redis was lost, 0 while it is there.
    """

    degraded: bool
    store_errors: int
    answered_locally: int
    degraded_for: float


class StoreWatch:
    """Keeps the health of one guard. Counts may miss one now and then under threads.

    Attributes:
        unreachable: no server responded, as opposed to one that refused the script.
    """

    __slots__ = (
        "_clock",
        "_guard",
        "_last_loss",
        "_since",
        "answered_locally",
        "degraded",
        "store_errors",
        "unreachable",
    )

    def __init__(self, guard: str, clock: Callable[[], float]) -> None:
        """``guard``: how the log names it, such as ``"rate limit message.send"``."""
        self._guard = guard
        self._clock = clock
        self._since = self._last_loss = 0.0
        self.degraded = self.unreachable = False
        self.store_errors = 0
        self.answered_locally = 0

    def lost(self, error: Exception) -> None:
        """Note that a script call failed."""
        self.store_errors += 1
        self._last_loss = self._clock()
        self.unreachable = _is_silence(error)
        if not self.degraded:
            self.degraded = True
            self._since = self._last_loss
            log.warning("%s decides without redis: %s", self._guard, error)
        elif not isinstance(error, StoreUnavailable):
            log.error("%s: redis refused a script: %s", self._guard, error)

    def found(self) -> None:
        """Note that a script call succeeded."""
        if self.degraded:
            self.degraded = self.unreachable = False
            seconds = self._clock() - self._since
            log.info("%s has redis again, after %.1f s without", self._guard, seconds)

    def reachable(self, since: float) -> None:
        """Note that every server replied to a question of ``since``, seconds of the clock.

        An unused guard would otherwise report for ever that it has no Redis. A ping does not show
        whether a server would still refuse a command: that is left to the next use.
        """
        if self.unreachable and self._last_loss < since:
            self.found()

    def health(self) -> StoreHealth:
        """The state now."""
        return StoreHealth(
            self.degraded,
            self.store_errors,
            self.answered_locally,
            self._clock() - self._since if self.degraded else 0.0,
        )


def _is_silence(error: Exception) -> bool:
    return isinstance(error, StoreUnavailable) and isinstance(
        error.cause, RedisConnectionError | RedisTimeoutError
    )
