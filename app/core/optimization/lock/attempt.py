"""The procedure of taking a lock: ask, queue, wait to be woken, ask again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from redis import exceptions

from app.core.errors import StoreUnavailable
from app.core.optimization.lock.holding import Holding, Owner
from app.core.optimization.lock.names import LockKeys
from app.core.optimization.lock.scripts import ABANDON, ACQUIRE
from app.core.optimization.lock.timing import (
    FIRST_POLL,
    LONGEST_POLL,
    PATIENCE,
    fence_ttl,
    milliseconds,
)
from app.core.optimization.lock.turnstile import Turnstile
from app.core.optimization.lock.wakeups import WakeUps
from app.core.redis import RedisConnection


class Attempt:
    """One try to take the lock ``key``; used once."""

    def __init__(
        self,
        redis: RedisConnection,
        turnstile: Turnstile,
        wakeups: WakeUps,
        key: str,
        keys: LockKeys,
        lease: float,
    ) -> None:
        """``lease`` is in seconds."""
        self._redis = redis
        self._turnstile = turnstile
        self._wakeups = wakeups
        self._key = key
        self._lease = lease
        self._id = secrets.token_hex(8)
        self._ticket: str | bytes = ""
        self._keys = keys
        self.contended = False

    def run(
        self,
        wait: float,
        owner: Owner,
        renew: bool = True,
        on_lost: Callable[[], None] | None = None,
    ) -> Holding | None:
        """Try for ``wait`` seconds (0: once); None if somebody else had it all the while.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        deadline = monotonic() + wait
        if not self._turnstile.enter(self._key, wait):
            self.contended = True
            return None
        token = None
        try:
            token, sent = self._until(deadline, wait > 0)
        finally:
            self._turnstile.leave(self._key)
            if token is None:
                self._abandon()
        if token is None:
            return None
        value = f"{token}:{self._id}"
        return Holding(
            self._key, self._keys, token, value, self._lease, owner, sent, renew, on_lost
        )

    def _until(self, deadline: float, may_wait: bool) -> tuple[int | None, float]:
        sent = monotonic()
        token, latest = self._ask(may_wait)
        if token is not None:
            return token, sent
        self.contended = True
        if not may_wait:
            return None, sent
        poll = FIRST_POLL
        with self._wakeups.waiting(self._id) as woken:
            while (left := deadline - monotonic()) > 0:
                woken.wait(min(left, poll, latest))
                woken.clear()
                poll = min(poll * 2, LONGEST_POLL)
                sent = monotonic()
                token, latest = self._ask(may_wait)
                if token is not None:
                    return token, sent
        return None, sent

    def _ask(self, may_wait: bool) -> tuple[int | None, float]:
        """The token, or None and the seconds after which to ask again at the latest."""
        args = (
            self._id,
            milliseconds(self._lease),
            milliseconds(fence_ttl(self._lease)),
            self._ticket,
            milliseconds(PATIENCE) if may_wait else 0,
            self._wakeups.channel,
        )
        taken, number, *ticket = self._redis.scripts.run(ACQUIRE, self._keys, args)
        if taken:
            return int(number), 0.0
        self._ticket = ticket[0]
        return None, (number + 1) / 1000

    def _abandon(self) -> None:
        """Leave nothing behind; what cannot be cleared away now ends by itself."""
        if self.contended and not self._ticket:
            return
        with suppress(StoreUnavailable, exceptions.RedisError):
            keys = [self._keys.lock, self._keys.waiters]
            self._redis.scripts.run(ABANDON, keys, [self._id, self._ticket])
