"""Follows the event stream in one thread and tells listeners in this process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from redis import exceptions

from app.core.errors import PlatformError
from app.core.redis import StreamReader

from .gap import Gap, find_gap
from .stream import EventStream, StoredEvent
from .types import Event

log = logging.getLogger(__name__)

# ms that one read waits for news. Must stay below the socket time-out (0.25 s by default), or the
# silence of a quiet stream would look like a dead server.
BLOCK_MS = 150
# s between tries while Redis is away.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 0.5

LOST = (PlatformError, exceptions.RedisError, OSError)


@dataclass
class TailCounts:
    """What a tailer did since the process started."""

    events: int = 0
    listener_failures: int = 0
    gaps: int = 0
    losses: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Subscription:
    on_event: Callable[[StoredEvent], None]
    on_gap: Callable[[Gap], None] | None
    types: frozenset[type[Event]] | None = field(default=None)

    def wants(self, event: Event) -> bool:
        return self.types is None or type(event) in self.types


class Tailer:
    """One daemon thread that follows one stream, from the first subscription to the last.

    Every listener gets every event once and in order while the process lives: after a loss of
    Redis the stream is read on from the last id seen. Listeners run in the tailer's thread, one
    after the other; one that raises is logged and counted, and changes nothing for the others.
    """

    def __init__(self, stream: EventStream, block_ms: int = BLOCK_MS) -> None:
        self._stream = stream
        self._block_ms = block_ms
        self._subscriptions: tuple[_Subscription, ...] = ()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._reader: StreamReader | None = None
        self._position: str | None = None
        self._heard_at: float | None = None
        self.counts = TailCounts()

    def subscribe(
        self,
        on_event: Callable[[StoredEvent], None],
        on_gap: Callable[[Gap], None] | None = None,
        types: Collection[type[Event]] | None = None,
    ) -> Callable[[], None]:
        """Call ``on_event`` for each event of ``types`` (all by default) from now on.

        Returns:
            A callable that ends the subscription.
        """
        chosen = None if types is None else frozenset(types)
        subscription = _Subscription(on_event, on_gap, chosen)
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
            late = self._position
        self.start()
        if late is not None and on_gap is not None:
            # The thread told its start before this listener was there.
            self._tell_gap(subscription, Gap("start", None))

        def end() -> None:
            with self._lock:
                self._subscriptions = tuple(
                    one for one in self._subscriptions if one is not subscription
                )
                if not self._subscriptions:
                    self._tell_thread_to_end()

        return end

    def start(self) -> None:
        """Start the thread if it does not run; a fork, which keeps no threads, starts it anew."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            if running and not self._stop.is_set():
                return
            self._stop = threading.Event()
            self._reader = self._stream.reader()
            self._thread = threading.Thread(
                target=self._run,
                args=(self._stop, self._reader),
                name="yoto-event-tailer",
                daemon=True,
            )
            self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End the thread and wait for it, at most ``timeout`` seconds; it may start again."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._tell_thread_to_end()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    @property
    def position(self) -> str | None:
        """Id up to which all events were told; None before Redis was reached."""
        return self._position

    @property
    def silent_for(self) -> float | None:
        """Seconds since Redis was last heard; None when it never was."""
        heard = self._heard_at
        return None if heard is None else time.monotonic() - heard

    def wait_until_ready(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for the first answer of Redis."""
        deadline = time.monotonic() + timeout
        while self._position is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        return True

    def _tell_thread_to_end(self) -> None:
        self._stop.set()
        if self._reader is not None:
            self._reader.end()

    def _run(self, stop: threading.Event, reader: StreamReader) -> None:
        pause = FIRST_PAUSE
        away = False
        while not stop.is_set():
            try:
                self._turn(stop, reader)
            except Exception as error:
                if stop.is_set():
                    return
                if not isinstance(error, LOST):
                    log.exception("following the event stream failed; it is tried again")
                if not away:
                    away = True
                    self.counts.losses += 1
                    log.warning("the event stream is away: %s", error)
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if away:
                    log.info("the event stream is back")
                pause, away = FIRST_PAUSE, False

    def _turn(self, stop: threading.Event, reader: StreamReader) -> None:
        before = self._position
        if before is None:
            self._position = self._stream.last_id()
            self._heard_at = time.monotonic()
            self._notify(Gap("start", None))
            return
        events = self._stream.wait(reader, before, self._block_ms)
        if stop.is_set():
            return
        info = self._stream.info()
        self._heard_at = time.monotonic()
        after = events[-1].id if events else before
        gap, read_on = find_gap(before, after, info)
        if gap is not None:
            self._notify(gap)
        for event in events:
            self._dispatch(event)
        self._position = read_on

    def _dispatch(self, stored: StoredEvent) -> None:
        self.counts.events += 1
        for subscription in self._subscriptions:
            if not subscription.wants(stored.event):
                continue
            try:
                subscription.on_event(stored)
            except Exception:
                self.counts.listener_failures += 1
                log.exception("a listener failed on event %s (%s)", stored.id, stored.event.type)

    def _notify(self, gap: Gap) -> None:
        if gap.reason != "start":
            self.counts.gaps += 1
            log.warning("events after %s were missed (%s)", gap.after_id, gap.reason)
        for subscription in self._subscriptions:
            self._tell_gap(subscription, gap)

    def _tell_gap(self, subscription: _Subscription, gap: Gap) -> None:
        if subscription.on_gap is None:
            return
        try:
            subscription.on_gap(gap)
        except Exception:
            self.counts.listener_failures += 1
            log.exception("a listener failed on a gap (%s)", gap.reason)
