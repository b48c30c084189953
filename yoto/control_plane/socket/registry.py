"""The sockets of the control plane in one worker."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from flask import Flask, current_app
from werkzeug.exceptions import Unauthorized

from yoto.auth.operators import VIEW, has_right
from yoto.control_plane.socket.clients import Client, Clients, DeliveryMode
from yoto.control_plane.socket.feed import Feed
from yoto.control_plane.socket.replay import Replay
from yoto.control_plane.socket.sender import Sender
from yoto.control_plane.socket.snapshots import snapshot
from yoto.control_plane.socket.topics import STATE_TOPICS, STATUS, Subscription
from yoto.errors import PlatformError
from yoto.housekeeping import Housekeeper
from yoto.monitor import names
from yoto.monitor.sources import Counted, Measured, Sample
from yoto.persistence import STORE_FAILURES
from yoto.store.db import writing

# s until the next round without followers; a new follower wakes the thread.
IDLE = 3600.0


class Broadcasts:
    """A thread for the status, which asks every store, and one for quick views."""

    def __init__(self, app: Flask, clients: Clients, sender: Sender) -> None:
        """No thread is started."""
        self._app = app
        self._clients = clients
        self._sender = sender
        self._idle = set(STATE_TOPICS)
        self._wakes: dict[str, Callable[[], None]] = {}
        self._slow = Housekeeper("yoto-control-status")
        self._quick = Housekeeper("yoto-control-numbers")
        for topic in STATE_TOPICS:
            thread = self._slow if topic == STATUS else self._quick
            self._wakes[topic] = thread.add(topic, lambda topic=topic: self._send(topic))

    def start(self) -> None:
        """Start the threads if they do not run."""
        self._slow.start()
        self._quick.start()

    def follow(self, topics: frozenset[str]) -> None:
        """A client follows these topics from now on; it has just got their snapshots."""
        for topic in self._idle & topics:
            self._idle.discard(topic)
            self._wakes[topic]()

    def close(self) -> None:
        """End the threads; they may start again."""
        self._slow.stop()
        self._quick.stop()

    def _send(self, topic: str) -> float:
        # Set before looking for followers: one that comes later finds the topic idle, and wakes it.
        self._idle.add(topic)
        clients = self._clients.following(topic)
        if not clients:
            return IDLE
        self._idle.discard(topic)
        name, seconds = STATE_TOPICS[topic]
        with self._app.app_context(), writing(False):
            data = snapshot([topic])[topic]
        if data is not None:
            self._sender.send(clients, name, data)
        return seconds


EXTENSION = "yoto.control_socket"
# s that the first subscription waits for the stream, so that no event is lost in between.
READY_SECONDS = 0.5
# s between checks of every credential, for changes without an event, such as a token's expiry.
REVALIDATION_SECONDS = 20.0
SIGNED_OUT, RIGHT_LOST, DRAINING = "signed_out", "right_lost", "draining"
DETAILS = {
    SIGNED_OUT: "The session or token that this socket was opened with has ended.",
    RIGHT_LOST: f"The right {VIEW} was taken from the account.",
    DRAINING: "This worker drains; connect again to reach another.",
}

log = logging.getLogger(__name__)


class ClientRegistry:
    """The clients of one worker, and the threads that serve them."""

    def __init__(self, app: Flask) -> None:
        """No thread is started and nothing is asked."""
        self._app = app
        self.clients = Clients()
        self.sender = Sender(app, self.clients)
        self.feed = Feed(app, self.clients, self.sender)
        self.broadcasts = Broadcasts(app, self.clients, self.sender)
        self._revalidation = Housekeeper("yoto-control-revalidation")
        self._wake_revalidation = self._revalidation.add("revalidate", self._check_all)

    def connect(self, client: Client) -> None:
        """Add a client.

        Raises:
            ServiceUnavailable, TooManyRequests: there are as many as there may be.
        """
        first = not len(self.clients)
        self.clients.add(client)
        self.feed.start()
        self.broadcasts.start()
        self._revalidation.start()
        if first:
            self._wake_revalidation()

    def subscribe(self, client: Client, wanted: Subscription) -> None:
        """Make a client follow ``wanted`` instead of its previous topics, and send it a snapshot.

        ``last_event_id`` counts only for a client that heard no events until now: others get each
        event once anyway.

        While the snapshot is made, the client gets no events: those that happen meanwhile come
        after the snapshot, which may lack them.
        """
        begin = wanted.last_event_id
        if wanted.hears_events and begin is None:
            begin = self.feed.end_of_stream(READY_SECONDS)
        with client.turn:
            with self.feed.lock:
                if wanted.hears_events:
                    self.feed.hold(client, begin)
                else:
                    client.delivery, client.replay = DeliveryMode.NOTHING, None
                held = client.replay
            shown = self.feed.take_snapshot(wanted.topics)
            with self.feed.lock:
                if client.replay is not held:
                    return  # the client is gone
                client.subscription = wanted
                hears = wanted.hears_events
                self.feed.show(client, shown, client.seen if hears else wanted.last_event_id)
                behind = hears and not self.feed.let_go(client)
                replay = Replay(self.feed, self.sender, client) if behind else None
        self.broadcasts.follow(wanted.topics)
        if replay is not None:
            self._app.extensions["socketio"].start_background_task(replay.run)

    def leave(self, client: Client, topics: frozenset[str] | None) -> None:
        """Make a client stop following these topics; None: all topics."""
        with client.turn, self.feed.lock:
            now = client.subscription
            left = now.topics - (now.topics if topics is None else topics)
            client.subscription = replace(now, topics=left, last_event_id=None)
            if not client.subscription.hears_events:
                client.delivery, client.replay = DeliveryMode.NOTHING, None

    def check_account(self, user_id: int) -> None:
        """Disconnect the clients of an account that may no longer view.

        Raises:
            StoreUnavailable, DBAPIError: the rights are unknown now.
        """
        for client in self.clients.of_user(user_id):
            self._check(client)

    def drain(self, draining: bool) -> None:
        """Send all clients elsewhere, if this worker is to drain."""
        if draining:
            self.sender.send_away(DRAINING, DETAILS[DRAINING])

    def samples(self) -> Iterator[Sample]:
        """The samples for the monitor."""
        counts = self.sender.counts
        yield Measured(names.CONTROL_SOCKETS, len(self.clients))
        yield Measured(names.CONTROL_SOCKET_QUEUE, self.sender.longest())
        yield Counted(names.CONTROL_SOCKET_MESSAGES, counts.sent)
        yield Counted(names.CONTROL_SOCKETS_ENDED, counts.dropped, {"reason": "slow"})
        yield Counted(names.CONTROL_SOCKETS_ENDED, counts.ended, {"reason": "refused"})

    def close(self) -> None:
        """End the threads, and forget all clients; a later client starts them again."""
        self.clients.clear()
        self.broadcasts.close()
        self._revalidation.stop()
        self.feed.close()

    def _check(self, client: Client) -> None:
        try:
            if not has_right(client.credential.look(), VIEW):
                self.sender.end(client, RIGHT_LOST, DETAILS[RIGHT_LOST])
        except Unauthorized:
            self.sender.end(client, SIGNED_OUT, DETAILS[SIGNED_OUT])

    def _check_all(self) -> float:
        clients = self.clients.all()
        if not clients:
            return IDLE
        with self._app.app_context():
            for client in clients:
                if client.credential.over():
                    self.sender.end(client, SIGNED_OUT, DETAILS[SIGNED_OUT])
        for client in self.clients.all():
            try:
                with self._app.app_context(), writing(False):
                    self._check(client)
            except (PlatformError, *STORE_FAILURES) as error:
                # Checks of the other clients would wait as long, and fail too.
                log.debug("the control sockets cannot be checked now: %s", error)
                break
            time.sleep(0)
        return REVALIDATION_SECONDS


def current_registry() -> ClientRegistry:
    """The registry of the current application."""
    return cast(ClientRegistry, current_app.extensions[EXTENSION])
