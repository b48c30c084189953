"""Brings the event stream to the clients of one worker: each event once, in order."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask

from yoto.control_plane.socket.clients import Client, Clients, DeliveryMode
from yoto.control_plane.socket.sender import Sender
from yoto.control_plane.socket.snapshots import snapshot
from yoto.control_plane.socket.topics import payload_of
from yoto.events import Events, EventStream, Gap, StoredEvent, position, to_plain, type_of
from yoto.redis import EXPECTED_FAILURES
from yoto.store.db import writing

log = logging.getLogger(__name__)

# Events that may wait for this worker to send them; beyond that the worker begins anew.
BACKLOG_MAX = 20_000
# Events after which the writers of the clients get their turn.
BATCH = 100
RETRY_SECONDS = 0.2
IDLE_SECONDS = 5.0


class Feed:
    """One thread that takes from the worker's tailer and sends to all live clients.

    Attributes:
        lock: held while sending events, or changing how a client gets them.
        position: id up to which every live client was sent everything; None: not known yet.
    """

    def __init__(self, app: Flask, clients: Clients, sender: Sender) -> None:
        """No thread is started and nothing is asked."""
        self._app = app
        self._clients = clients
        self._sender = sender
        self.lock = threading.RLock()
        self.position: str | None = None
        self._waiting: deque[StoredEvent | Gap] = deque()
        self._news = threading.Condition()
        self._starting = threading.Lock()
        self._stop: threading.Event | None = None
        self._end: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def stream(self) -> EventStream:
        """The stream."""
        return Events.of(self._app).stream

    def start(self) -> None:
        """Follow the stream from now on; only the first call has an effect."""
        with self._starting:
            if self._stop is not None:
                return
            self._stop = threading.Event()
            self._end = Events.of(self._app).tailer.subscribe(self._take, self._take)
            self._thread = threading.Thread(
                target=self._run, args=(self._stop,), name="yoto-control-feed", daemon=True
            )
            self._thread.start()

    def end_of_stream(self, seconds: float) -> str | None:
        """The id up to which everything was sent, waiting at most ``seconds`` for it; else the
        stream's present end. None: Redis is unavailable.
        """
        deadline = time.monotonic() + seconds
        while self.position is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if self.position is not None:
            return self.position
        try:
            return self.stream.last_id()
        except EXPECTED_FAILURES:
            return None

    def close(self) -> None:
        """Stop following; a later ``start`` begins anew."""
        with self._starting:
            stop, self._stop = self._stop, None
            end, self._end = self._end, None
            thread, self._thread = self._thread, None
        if stop is None or end is None or thread is None:
            return
        stop.set()
        end()
        with self._news:
            self._news.notify_all()
        if thread is not threading.current_thread():
            thread.join(1.0)
        with self.lock:
            self.position = None
            self._waiting.clear()

    def hold(self, client: Client, begin: str | None) -> None:
        """Send a client no events until a replay goes on from its ``seen``; hold the lock.

        Args:
            begin: id after which it gets them; None: from the first known end of the stream on.
                Ignored for a client that hears events already.
        """
        if client.delivery is DeliveryMode.NOTHING:
            client.seen = begin
        elif client.delivery is DeliveryMode.LIVE:
            client.seen = self.where(client)
        client.delivery, client.replay = DeliveryMode.REPLAY, object()

    def let_go(self, client: Client) -> bool:
        """Make a held client live, if nothing happened meanwhile; hold the lock."""
        if client.seen is None or client.seen != self.position:
            return False
        client.seen, client.delivery, client.replay = None, DeliveryMode.LIVE, None
        return True

    def where(self, client: Client) -> str | None:
        """Id up to which a live client was sent everything; hold the lock."""
        if client.seen is None or self.position is None:
            return self.position
        return max(client.seen, self.position, key=position)

    def send_gap(
        self, clients: Sequence[Client], after: str | None, resumed_at: str, reason: str, shown: Any
    ) -> None:
        """Send clients a gap (they missed events) and a snapshot of the present; hold the lock.

        Args:
            shown: the data of every topic that one of them follows.
        """
        gap = {"after": after, "resumed_at": resumed_at, "reason": reason}
        self._sender.send(clients, "gap", gap)
        for client in clients:
            self.show(client, shown, resumed_at)

    def show(self, client: Client, shown: Any, last_event_id: str | None) -> None:
        """Send a snapshot; hold the lock, so that no event comes between."""
        topics = {topic: shown[topic] for topic in client.subscription.topics if topic in shown}
        data = {"topics": topics, "last_event_id": last_event_id, "at": round(time.time() * 1000)}
        self._sender.send([client], "snapshot", data)

    def take_snapshot(self, topics: frozenset[str]) -> dict[str, Any]:
        """A snapshot's data, from any thread; not with the lock held, since it asks stores."""
        with self._app.app_context(), writing(False):
            return snapshot(topics)

    def _take(self, item: StoredEvent | Gap) -> None:
        with self._news:
            if len(self._waiting) >= BACKLOG_MAX:
                log.warning("%d events waited to be sent; clients begin anew", BACKLOG_MAX)
                self._waiting.clear()
                self._waiting.append(Gap("slow", self.position))
            self._waiting.append(item)
            self._news.notify()

    def _run(self, stop: threading.Event) -> None:
        # Once the tailer listens, it brings all newer events; older ones are skipped.
        tailer = Events.of(self._app).tailer
        while not stop.is_set() and not tailer.wait_until_ready(RETRY_SECONDS):
            pass
        found = self._last_id(stop)
        with self.lock:
            if not stop.is_set():
                self.position = found
        while not stop.is_set():
            for item in self._next(stop):
                self._deal(item, stop)
            # Let the writers of the clients run.
            time.sleep(0)

    def _deal(self, item: StoredEvent | Gap, stop: threading.Event) -> None:
        """Send one item; on failure a gap is sent, and repeated until that succeeds."""
        pause = RETRY_SECONDS
        while not stop.is_set():
            try:
                if isinstance(item, Gap):
                    self._gap(item, stop)
                else:
                    self._publish(item)
                return
            except Exception:
                log.exception("what happened was not sent to control sockets; they begin anew")
                if isinstance(item, Gap):
                    stop.wait(pause)
                    pause = min(2 * pause, IDLE_SECONDS)
                else:
                    item = Gap("failed", self.position)

    def _next(self, stop: threading.Event) -> list[StoredEvent | Gap]:
        with self._news:
            while not self._waiting and not stop.is_set():
                self._news.wait(IDLE_SECONDS)
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _publish(self, stored: StoredEvent) -> None:
        kind = type_of(stored)
        with self.lock:
            if self.position is not None and position(stored.id) <= position(self.position):
                return
            recipients: defaultdict[str, list[Client]] = defaultdict(list)
            for client in self._clients.live():
                if client.seen is not None:
                    if client.is_ahead(stored.id):
                        continue
                    client.seen = None
                for name in client.subscription.messages(kind):
                    recipients[name].append(client)
            if recipients:
                data = to_plain(stored)
                for name, clients in recipients.items():
                    self._sender.send(clients, name, payload_of(name, data))
            self.position = stored.id

    def _gap(self, gap: Gap, stop: threading.Event) -> None:
        if gap.reason == "start":
            return
        after = self.position
        while not stop.is_set():
            # Read before the snapshot, which may lack events that happen while it is made.
            resumed_at = self._last_id(stop)
            if resumed_at is None:
                return
            followed = [client.subscription.topics for client in self._clients.live()]
            shown = self.take_snapshot(frozenset().union(*followed))
            with self.lock:
                clients = self._clients.live()
                if gap.reason != "lost":
                    # A client whose own replay went beyond the gap has missed nothing.
                    clients = [one for one in clients if not one.is_ahead(resumed_at)]
                if any(client.subscription.topics - shown.keys() for client in clients):
                    continue  # it began to follow another topic meanwhile
                self.position = resumed_at
                for client in clients:
                    client.seen = None
                self.send_gap(clients, after, resumed_at, gap.reason, shown)
                return

    def _last_id(self, stop: threading.Event) -> str | None:
        """The stream's end, as soon as Redis is available; None when it is time to stop."""
        while not stop.is_set():
            try:
                return self.stream.last_id()
            except EXPECTED_FAILURES as error:
                log.debug("the event stream is away: %s", error)
                stop.wait(RETRY_SECONDS)
        return None
