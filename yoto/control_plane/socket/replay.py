"""Replay of the events that a client missed, and its transition to live events."""

from __future__ import annotations

import logging
import time

from yoto.control_plane.socket.clients import Client, DeliveryMode
from yoto.control_plane.socket.feed import RETRY_SECONDS, Feed
from yoto.control_plane.socket.limits import QUEUE_LOW
from yoto.control_plane.socket.sender import Sender
from yoto.control_plane.socket.topics import payload_of
from yoto.events import Gap, StoredEvent, find_gap, position, to_plain, type_of
from yoto.redis import EXPECTED_FAILURES

log = logging.getLogger(__name__)

# Events a read.
READ = 200
# s between checks whether a client has taken its waiting messages.
LOOK_SECONDS = 0.02
# s after which a client that takes no replayed events is disconnected.
PATIENCE = 20.0


class Replay:
    """Reads on from an event until the client has caught up, then makes it live.

    The client gets nothing else from the stream meanwhile. It becomes live while the feed's lock is
    held, when it has everything that the feed has sent to others, so nothing is missed in the
    transition. Events that it got beyond that are not sent again by the feed.
    """

    def __init__(self, feed: Feed, sender: Sender, client: Client) -> None:
        """``client`` is in replay, from its ``seen`` on; None: from now."""
        self._feed = feed
        self._sender = sender
        self._client = client
        self._mark = client.replay

    def run(self) -> None:
        """Replay; returns when the client is live, or gone."""
        while self._goes_on():
            try:
                if self._step():
                    return
            except EXPECTED_FAILURES as error:
                # Missed events come as soon as Redis is back; the rest of the page works meanwhile.
                log.debug("a replay waits for the event stream: %s", error)
                time.sleep(RETRY_SECONDS)

    def _goes_on(self) -> bool:
        return self._mark is not None and self._client.replay is self._mark

    def _step(self) -> bool:
        """Read and send once; return whether the client is live now, or gone."""
        before = self._client.seen
        if before is None:
            return self._begin()
        events = self._feed.stream.read(before, READ)
        info = self._feed.stream.info()
        gap, _ = find_gap(before, events[-1].id if events else before, info)
        if gap is not None:
            return self._begin_anew(gap, info.last_id)
        for stored in events:
            if not self._send(stored):
                return True
        return len(events) < READ and self._go_live()

    def _send(self, stored: StoredEvent) -> bool:
        """Send one event if it is wanted; False: the client is gone."""
        client = self._client
        names = client.subscription.messages(type_of(stored))
        if names and not self._wait_for_room():
            return False
        with self._feed.lock:
            if not self._goes_on():
                return False
            for name in names:
                self._sender.send([client], name, payload_of(name, to_plain(stored)))
            client.seen = stored.id
        return True

    def _wait_for_room(self) -> bool:
        """Wait for room in the client's queue; False: the client is gone, or takes nothing.

        A client that takes nothing is disconnected by the next message.
        """
        deadline = time.monotonic() + PATIENCE
        while self._sender.waiting(self._client) > QUEUE_LOW:
            if not self._goes_on():
                return False
            if time.monotonic() >= deadline:
                self._sender.drop(self._client)
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _go_live(self) -> bool:
        feed, client = self._feed, self._client
        with feed.lock:
            if not self._goes_on():
                return True
            if feed.position is None or client.seen is None:
                return False
            if position(client.seen) < position(feed.position):
                return False
            client.delivery, client.replay = DeliveryMode.LIVE, None
            return True

    def _begin(self) -> bool:
        """Begin at the stream's end, once that is known; returns whether the replay is over."""
        feed, client = self._feed, self._client
        begin = feed.position
        if begin is None:
            time.sleep(LOOK_SECONDS)
            return False
        shown = feed.take_snapshot(client.subscription.topics)
        with feed.lock:
            if not self._goes_on():
                return True
            client.seen = begin
            feed.show(client, shown, begin)
        return False

    def _begin_anew(self, gap: Gap, last_id: str) -> bool:
        """Send a gap, and go on from the stream's end before the snapshot was made."""
        feed, client = self._feed, self._client
        shown = feed.take_snapshot(client.subscription.topics)
        with feed.lock:
            if not self._goes_on():
                return True
            client.seen = last_id
            feed.send_gap([client], gap.after_id, last_id, gap.reason, shown)
        return False
