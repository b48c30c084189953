"""The ends of calls on their way to Redis: no caller waits for them, and the next entry takes them
along."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from yoto.deadlines import cut, ending
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection, Script

from .deferred import Deferred
from .process import current_pid

# Seconds until an end is sent when no entry takes it along.
AT_MOST = 0.005
# Ends that travel together; more of them would make an entry wait.
MOST_AT_ONCE = 64
# Seconds that a caller has left who takes others' ends along.
NOT_SHORT = 0.5
# Seconds that a caller waits for ends that others are sending.
PATIENCE = 0.25

Call: TypeAlias = tuple[Script, Sequence[str], Sequence[Any]]
# Takes the reply, or the error.
Done: TypeAlias = Callable[[Any], None]


class ExitQueue:
    """Sends ends of calls within 5 ms. Safe for threads and greenlets.

    A worker sees its own ends: a request to Redis sends the waiting ends first, in the same
    pipeline.
    """

    def __init__(self, redis: RedisConnection, deferred: Deferred) -> None:
        """``deferred`` sends the ends that no entry took along."""
        self._redis = redis
        self._send_soon = deferred.job(self.flush)
        self._reset()

    def _reset(self) -> None:
        self._pid = current_pid()
        self._waiting: deque[tuple[Call, Done]] = deque()
        self._landed = threading.Condition()
        self._flying = 0

    def _notice_fork(self) -> None:
        if self._pid != current_pid():
            self._reset()  # the parent's ends are the parent's

    @property
    def busy(self) -> bool:
        """Whether some wait or are being sent."""
        self._notice_fork()
        return bool(self._waiting or self._flying)

    def add(self, call: Call, done: Done) -> None:
        """Send this end soon; ``done`` must not raise."""
        self._notice_fork()
        self._waiting.append((call, done))
        self._send_soon(AT_MOST)

    def flush(self) -> None:
        """Send the waiting ends now."""
        self._notice_fork()
        with ending():
            while self._waiting:
                self.run_many(())

    def settle(self) -> bool:
        """Send waiting ends, and wait for those that others send; False when there were none."""
        if not self.busy:
            return False
        self.flush()
        with self._landed:
            self._landed.wait_for(lambda: not self._flying, cut(PATIENCE))
        return True

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """As ``ScriptRegistry.run``, after the waiting ends, in one round trip."""
        self._notice_fork()
        if not self._waiting:
            return self._redis.scripts.run(script, keys, args)
        reply = self.run_many(((script, keys, args),))[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def run_many(self, calls: Sequence[Call]) -> list[Any]:
        """As ``ScriptRegistry.run_many`` without raising errors of single calls, after the waiting
        ends; those learn by themselves when they were not recorded."""
        self._notice_fork()
        ends = self._take()
        replies: list[Any] = []
        try:
            replies = self._redis.scripts.run_many(
                [*[call for call, _ in ends], *calls], raise_errors=False
            )
        except REDIS_UNAVAILABLE as error:
            replies = [error] * len(ends)
            if calls:
                raise
        finally:
            with self._landed:
                self._flying -= 1
                self._landed.notify_all()
            for (_, done), reply in zip(ends, replies, strict=False):
                done(reply)
        return replies[len(ends) :]

    def _take(self) -> list[tuple[Call, Done]]:
        taken: list[tuple[Call, Done]] = []
        with self._landed:
            self._flying += 1
        # The ends of others must not be lost to the deadline of one caller.
        if cut(NOT_SHORT) < NOT_SHORT:
            return taken
        try:
            while len(taken) < MOST_AT_ONCE:
                taken.append(self._waiting.popleft())
        except IndexError:
            pass
        return taken
