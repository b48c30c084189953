"""Notifies waiters of this process that the lock they wait for is free."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any

from yoto.redis import EXPECTED_FAILURES, RedisConnection

log = logging.getLogger(__name__)

# s that a read waits for a message; the thread ends so long after it was asked to.
READ_TIME = 0.2
# s without a waiter after which the thread and its connection end.
IDLE = 10.0
# s between tries while Redis is unavailable. Waiters poll meanwhile.
PAUSE = 0.2
# s that closing waits for the thread, which may be about to subscribe.
CLOSE_LIMIT = 1.0


class WakeUps:
    """One subscription for all waiters of a process, which exists while there are any.

    A message names the owner that may now take its lock. A lost message costs its waiter a poll.
    """

    def __init__(self, redis: RedisConnection, channel: str) -> None:
        self._redis = redis
        self.channel = channel
        self._lock = threading.Lock()
        self._waiting: dict[str, threading.Event] = {}
        self._thread: threading.Thread | None = None
        self._used_at = 0.0
        self._closed = False

    @contextmanager
    def waiting(self, owner: str) -> Iterator[threading.Event]:
        """An event that is set when ``owner`` may try again."""
        event = threading.Event()
        with self._lock:
            self._waiting[owner] = event
            self._used_at = monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._closed = False
                self._thread = threading.Thread(
                    target=self._run, name="yoto-lock-wakeups", daemon=True
                )
                self._thread.start()
        try:
            yield event
        finally:
            with self._lock:
                del self._waiting[owner]

    def close(self) -> None:
        """End the thread and its connection."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_LIMIT)

    def _run(self) -> None:
        while not self._done():
            try:
                self._listen()
            except Exception as error:
                unexpected = not isinstance(error, EXPECTED_FAILURES)
                log.info("waiters for locks have to poll: %s", error, exc_info=unexpected)
                sleep(PAUSE)

    def _listen(self) -> None:
        messages: Any = self._redis.client.pubsub()
        try:
            messages.subscribe(self.channel)
            while not self._done():
                message = messages.get_message(timeout=READ_TIME)
                if message is None:
                    continue
                if message["type"] == "message":
                    self._wake(message["data"].decode())
                elif message["type"] == "subscribe":
                    # Locks that became free before the subscription woke no waiter here.
                    self._wake_all()
        finally:
            with suppress(*EXPECTED_FAILURES):
                messages.close()

    def _done(self) -> bool:
        with self._lock:
            idle = not self._waiting and monotonic() - self._used_at > IDLE
            if idle or self._closed:
                self._thread = None
                return True
            return False

    def _wake(self, owner: str) -> None:
        event = self._waiting.get(owner)
        if event is not None:
            event.set()

    def _wake_all(self) -> None:
        for event in list(self._waiting.values()):
            event.set()
