"""Follows streams of one application: by one thread and one read, wherever one server has them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from redis import exceptions

from yoto.errors import StoreUnavailable
from yoto.redis.refusals import EXPECTED_FAILURES
from yoto.redis.stream_reader import RawEntry, StreamReader

if TYPE_CHECKING:
    from yoto.redis.connection import RedisConnection

log = logging.getLogger(__name__)

# Entries of a stream a read; one that brings fewer has reached the end.
READ_LIMIT = 1_000
# s between tries while Redis is unavailable.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 0.5


class Followed(Protocol):
    """A stream, and its reader. The methods are called by one thread, in turn.

    Attributes:
        name: the stream's name in the log of the process.
    """

    name: str

    @property
    def key(self) -> str:
        """The stream's key in Redis."""

    def begin(self) -> tuple[str, int]:
        """Called before each read: the id to read after, and how many ms to wait for news.

        May raise: then the stream is unavailable, and it is tried again.
        """

    def take(self, entries: Sequence[RawEntry]) -> None:
        """Called with the entries of a read, at most ``READ_LIMIT``; none when its time was over.

        It must be quick. May raise, as ``begin``.
        """

    def lost(self) -> None:
        """The stream is unavailable: called once for each outage, which is logged by then."""


class Following:
    """One stream's part in a thread, until ``end``."""

    def __init__(self, followed: Followed, thread: FollowingThread) -> None:
        self.followed = followed
        self._thread = thread
        self.ended = False
        self.pause = FIRST_PAUSE
        self.retry_at = 0.0
        # Log lines of this outage so far: 0 nothing, 1 that there is one, 2 a fault.
        self._logged = 0

    @property
    def running(self) -> bool:
        """Whether it is followed, in this process."""
        return not self.ended and self._thread.is_alive

    def hurry(self) -> None:
        """Try at once, for a caller who knows that Redis is back."""
        self._thread.hurry(self)

    def end(self, timeout: float) -> None:
        """Follow it no more; wait at most ``timeout`` seconds for the work under way on it."""
        self._thread.remove(self, timeout)

    def took(self, entries: Sequence[RawEntry]) -> None:
        """Hand over the result of a read, unless this has ended meanwhile."""
        if self.ended:
            return
        try:
            self.followed.take(entries)
        except Exception as error:
            self.failed(error)
            return
        self.pause = FIRST_PAUSE
        if self._logged:
            self._logged = 0
            log.info("the %s is back", self.followed.name)

    def failed(self, error: Exception) -> None:
        """Try again after a pause, which grows from failure to failure."""
        if self.ended:
            return
        self.retry_at = monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        before, fault = self._logged, not isinstance(error, EXPECTED_FAILURES)
        if before < 1 + fault:
            self._logged = 1 + fault
            log.warning("the %s is away: %s", self.followed.name, error, exc_info=fault)
        if not before:
            self.followed.lost()


class FollowingThread:
    """A daemon thread that lives while it has anything to follow."""

    def __init__(self, redis: RedisConnection, name: str) -> None:
        """It starts with the first stream."""
        self._redis = redis
        self._name = name
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._all: list[Following] = []
        self._thread: threading.Thread | None = None
        self._reader = StreamReader(self._redis)
        # Turns that have begun and ended, so that a caller can wait for the end of this one.
        self._turns = 0

    def _leave_parent(self) -> None:
        """After a fork: nothing is followed here yet. The parent's thread, which may have held
        the lock, is not here, and the connection that it reads is the parent's."""
        if self._pid != os.getpid():
            self._end_all()
            self._reset()

    def _end_all(self) -> None:
        for following in self._all:
            following.ended = True
        self._all = []

    @property
    def is_alive(self) -> bool:
        """Whether it runs; a fork keeps no threads."""
        return self._thread is not None and self._thread.is_alive()

    def add(self, followed: Followed) -> Following:
        """Follow another stream from now on."""
        self._leave_parent()
        following = Following(followed, self)
        with self._lock:
            if not self.is_alive:
                self._end_all()  # it died of something: these are followed no more
            self._all.append(following)
            self._interrupt_read()
            if not self.is_alive:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        return following

    def remove(self, following: Following, timeout: float) -> None:
        """See ``Following.end``."""
        self._leave_parent()
        with self._lock:
            if following.ended:
                return
            following.ended = True
            if following in self._all:
                self._all.remove(following)
            thread, turns = self._thread, self._turns
            self._interrupt_read()
            if thread is not None and thread is not threading.current_thread():
                self._changed.wait_for(
                    lambda: self._turns > turns or not thread.is_alive(), timeout
                )

    def hurry(self, following: Following) -> None:
        """See ``Following.hurry``."""
        self._leave_parent()
        with self._lock:
            following.retry_at = 0.0
            self._changed.notify_all()

    def _interrupt_read(self) -> None:
        """End the waiting read; the next one knows of the change."""
        self._reader.end()
        self._reader = StreamReader(self._redis)
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._turns += 1
                self._changed.notify_all()
                if not self._all:
                    self._thread = None
                    return
                all_of_us, reader = list(self._all), self._reader
            try:
                self._turn(all_of_us, reader)
            except Exception:
                log.exception("following streams failed; it goes on")
                self._wait(LONGEST_PAUSE)

    def _turn(self, all_of_us: Sequence[Following], reader: StreamReader) -> None:
        now = monotonic()
        waiting = min((one.retry_at for one in all_of_us if one.retry_at > now), default=None)
        ready: dict[str, Following] = {}
        after: dict[str, str] = {}
        block_ms: list[int] = []
        for one in all_of_us:
            if one.retry_at > now:
                continue
            try:
                after[one.followed.key], longest = one.followed.begin()
            except Exception as error:
                one.failed(error)
            else:
                ready[one.followed.key] = one
                block_ms.append(longest)
        if not ready:
            self._wait(min(one.retry_at for one in all_of_us) - monotonic())
            return
        if waiting is not None:
            block_ms.append(round(1000 * (waiting - now)))
        self._read(ready, after, max(1, min(block_ms)), reader)

    def _read(
        self,
        ready: dict[str, Following],
        after: dict[str, str],
        block_ms: int,
        reader: StreamReader,
    ) -> None:
        try:
            found = reader.read(after, READ_LIMIT, block_ms)
        except Exception as error:
            if len(ready) > 1 and not _lost(error):
                # One of the keys holds something else than a stream.
                for key, one in ready.items():
                    self._read({key: one}, {key: after[key]}, 1, reader)
                return
            for one in ready.values():
                one.failed(error)
            return
        if found is None:
            return
        for key, one in ready.items():
            one.took(found.get(key, ()))

    def _wait(self, seconds: float) -> None:
        with self._lock:
            if self._all and seconds > 0:
                self._changed.wait(seconds)


def _lost(error: Exception) -> bool:
    return isinstance(error, (StoreUnavailable, exceptions.ConnectionError, OSError))
