"""One thread that keeps the leases of all locks of a process."""

from __future__ import annotations

import logging
import threading
import weakref
from time import monotonic
from typing import Any

from redis import exceptions

from app.core.errors import StoreUnavailable
from app.core.optimization.lock.holding import Holding
from app.core.optimization.lock.scripts import EXTEND
from app.core.optimization.lock.timing import milliseconds
from app.core.redis import RedisConnection

log = logging.getLogger(__name__)

# s without a lock after which the thread ends.
IDLE = 10.0
# s that the thread sleeps at most. What is due later is added without waking it.
TICK = 0.5
# s that closing waits for a renewal that is under way.
CLOSE_LIMIT = 1.0


class Renewer:
    """Renews what was added until it is removed, lost, or forgotten by everybody.

    Holdings are held weakly: a lock object that was dropped without a release, or whose thread has
    ended, is not kept alive for ever; its lease ends.
    """

    def __init__(self, redis: RedisConnection) -> None:
        self._redis = redis
        self._holdings: weakref.WeakSet[Holding] = weakref.WeakSet()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0
        self._closed = False

    def add(self, holding: Holding) -> None:
        """Keep the lease of ``holding`` from now on."""
        with self._changed:
            self._closed = False
            self._holdings.add(holding)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="yoto-lock-renewal", daemon=True
                )
                self._wakes_at = 0.0
                self._thread.start()
            elif holding.due < self._wakes_at:
                self._changed.notify()

    def remove(self, holding: Holding) -> None:
        """Let the lease of ``holding`` be; its renewal may be under way."""
        with self._changed:
            self._holdings.discard(holding)

    def close(self) -> None:
        """End the thread; leases end by themselves."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_LIMIT)

    def __len__(self) -> int:
        return len(self._holdings)

    def _run(self) -> None:
        idle_since = monotonic()
        while True:
            with self._changed:
                now = monotonic()
                holdings = list(self._holdings)
                if holdings:
                    idle_since = now
                if self._closed or now - idle_since >= IDLE:
                    self._thread = None
                    return
                due = [holding for holding in holdings if holding.due <= now]
                if not due:
                    self._wakes_at = min([now + TICK, *(one.due for one in holdings)])
                    del holdings
                    self._changed.wait(self._wakes_at - now)
                    continue
            self._renew(due)
            del holdings, due

    def _renew(self, due: list[Holding]) -> None:
        renewing = []
        for holding in due:
            if not holding.renews:
                self.remove(holding)
                holding.lose("its lease ends")
            elif holding.orphaned:
                self.remove(holding)
                log.warning("lock '%s' was not given back by its thread, which ended", holding.key)
            else:
                renewing.append(holding)
        sent = monotonic()
        for holding, reply in zip(renewing, self._extend(renewing), strict=True):
            if reply == 1:
                holding.renewed(sent)
            elif holding not in self._holdings:
                # Given back while its renewal was under way.
                continue
            elif isinstance(reply, Exception) and holding.held:
                log.info("lock '%s' was not renewed, trying again: %s", holding.key, reply)
                holding.postpone()
            else:
                self.remove(holding)
                holding.lose(str(reply) if isinstance(reply, Exception) else "somebody took it")

    def _extend(self, holdings: list[Holding]) -> list[Any]:
        calls: list[Any] = [
            (EXTEND, [one.keys.lock], [one.value, milliseconds(one.lease)]) for one in holdings
        ]
        try:
            return self._redis.scripts.run_many(calls, raise_errors=False)
        except (StoreUnavailable, exceptions.RedisError) as error:
            return [error] * len(holdings)
