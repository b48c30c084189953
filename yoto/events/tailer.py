"""Follows the event stream and passes events to the listeners of this process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from yoto.redis import Following, RawEntry, RedisConnection

from .stream import EventStream, Gap, StoredEvent, find_gap, stored_event
from .types import Event

log = logging.getLogger(__name__)

# ms that one read waits for news at most.
BLOCK_MS = 1000
# s between reads of the ends of the stream while it brings nothing. Events after a loss are read
# all the same: ids are times.
LOOK_EVERY = 2.0


@dataclass
class TailCounts:
    """Counters of a tailer since the process started."""

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
    """Follows one stream, from the first subscription to the last.

    Every listener gets every event once and in order while the process lives: after a loss of
    Redis the stream is read on from the last id seen. Listeners run one after the other in
    the thread that follows the invalidation log as well, and must be quick; one that raises is
    logged and counted, and changes nothing for the others.
    """

    name = "event stream"

    def __init__(
        self, redis: RedisConnection, stream: EventStream, thread_name: str | None = None
    ) -> None:
        """Nothing is followed yet.

        Args:
            thread_name: the name of a thread of its own, for listeners that take their time.
        """
        self._redis = redis
        self._stream = stream
        self._thread_name = thread_name
        self._subscriptions: tuple[_Subscription, ...] = ()
        self._lock = threading.Lock()
        self._following: Following | None = None
        self._looked_at = 0.0
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
            # The start was announced before this listener was added.
            self._report_gap(subscription, Gap("start", None))

        def end() -> None:
            with self._lock:
                self._subscriptions = tuple(
                    one for one in self._subscriptions if one is not subscription
                )
                last = not self._subscriptions
            if last:
                self.stop(0)

        return end

    @property
    def key(self) -> str:
        """The stream's key in Redis."""
        return self._stream.key

    def start(self) -> None:
        """Follow the stream, unless that is done; a fork, which keeps no threads, begins anew."""
        with self._lock:
            if self._following is None or not self._following.running:
                self._following = self._redis.follow(self, self._thread_name)

    def stop(self, timeout: float = 1.0) -> None:
        """Deliver nothing more, and wait at most ``timeout`` seconds for the delivery under way; it
        may start again."""
        with self._lock:
            following, self._following = self._following, None
        if following is not None:
            following.end(timeout)

    @property
    def position(self) -> str | None:
        """Id of the last delivered event; None before Redis was reached."""
        return self._position

    @property
    def silent_for(self) -> float | None:
        """Seconds since the last reply of Redis; None when there never was one."""
        heard = self._heard_at
        return None if heard is None else time.monotonic() - heard

    def wait_until_ready(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for the first reply of Redis."""
        deadline = time.monotonic() + timeout
        while self._position is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        return True

    def begin(self) -> tuple[str, int]:
        """Before a read: see ``Followed``."""
        if self._position is None:
            self._position = self._stream.last_id()
            self._heard_at = time.monotonic()
            self._notify(Gap("start", None))
        return self._position, BLOCK_MS

    def take(self, entries: Sequence[RawEntry]) -> None:
        """Take over the result of a read: see ``Followed``."""
        before = self._position
        assert before is not None
        self._heard_at = now = time.monotonic()
        if entries or now - self._looked_at >= LOOK_EVERY:
            self._deliver(entries, before)
            self._looked_at = now

    def _deliver(self, entries: Sequence[RawEntry], before: str) -> None:
        info = self._stream.info()
        events = [stored_event(entry) for entry in entries]
        after = events[-1].id if events else before
        gap, read_on = find_gap(before, after, info)
        lost = gap is not None and gap.reason == "lost"
        if gap is not None and not lost:
            self._notify(gap)
        for event in events:
            self._dispatch(event)
        if lost:
            # The events were the last of the stream that is gone. Heard after the gap, they would
            # count as the newest of the stream that began since, whose ids may be lower.
            self._notify(Gap("lost", after))
        self._position = read_on

    def lost(self) -> None:
        """The stream is unavailable: see ``Followed``."""
        self.counts.losses += 1

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
            self._report_gap(subscription, gap)

    def _report_gap(self, subscription: _Subscription, gap: Gap) -> None:
        if subscription.on_gap is None:
            return
        try:
            subscription.on_gap(gap)
        except Exception:
            self.counts.listener_failures += 1
            log.exception("a listener failed on a gap (%s)", gap.reason)
