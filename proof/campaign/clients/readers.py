"""Operators' sockets that follow the event stream, and connect again whatever happens."""

from __future__ import annotations

import threading
import time
from typing import Any

import engineio
import socketio

from proof.campaign.clients.base import World
from proof.campaign.history import Operation

NAMESPACE = "/control"
FOLLOWS_FOR = 15.0  # s that a reader has to be up with the stream in the end


# By type of event, what of it says which change it is about.
FACTS = {
    "permission.changed": ("subjects", "count", "position"),
    "breaker.transitioned": ("name", "period"),
}


def fact_of(kind: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """The fields of an event that are compared; None for types that nobody compares."""
    return {name: data[name] for name in FACTS[kind]} if kind in FACTS else None


class _OneByOne(engineio.Client):
    """Takes messages as they came; the library gives each a thread of its own."""

    def _trigger_event(self, event: str, *args: Any, run_async: bool = False, **more: Any) -> Any:
        later = run_async and event != "message"
        return super()._trigger_event(event, *args, run_async=later, **more)


class _Socket(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _OneByOne


class Reader(threading.Thread):
    """Follows all events, and writes them as they come."""

    def __init__(self, world: World, number: int, token: str) -> None:
        super().__init__(name=f"reader.{number}", daemon=True)
        self.world, self.token = world, token
        self.error: BaseException | None = None
        self.last: str | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            while not self.done.is_set():
                self._follow()
                self.done.wait(0.5)
        except BaseException as error:  # shown when the load is stopped
            self.error = error

    def _follow(self) -> None:
        """One connection, until it ends."""
        over = threading.Event()
        socket = _Socket(
            reconnection=False, websocket_extra_options={"sslopt": {"ca_certs": str(self.world.ca)}}
        )

        def heard(name: str, data: Any = None) -> None:
            if not over.is_set():
                self._take(name, data)

        socket.on("*", heard, namespace=NAMESPACE)
        socket.on("disconnect", lambda *_: over.set(), namespace=NAMESPACE)
        try:
            socket.connect(
                self.world.url,
                auth={"token": self.token},
                namespaces=[NAMESPACE],
                transports=["websocket"],
                wait_timeout=10,
            )
            wanted: dict[str, Any] = {
                "topics": ["events"],
                "filters": {},
                "last_event_id": self.last,
            }
            if socket.call("subscribe", wanted, namespace=NAMESPACE, timeout=15).get("ok"):
                while not over.wait(0.2) and not self.done.is_set():
                    pass
        except (socketio.exceptions.SocketIOError, OSError, ValueError):
            return
        finally:
            over.set()
            socket.disconnect()

    def _take(self, name: str, data: Any) -> None:
        if name == "permission_event":
            self.last = data["id"]
            self._note("event", data["id"], fact_of(data["type"], data["data"]))
        elif name == "gap":
            self.last = data["resumed_at"]
            self._note("gap", [data["after"], data["resumed_at"]])
        elif name == "snapshot" and self.last is None:
            self.last = data["last_event_id"]
            self._note("snapshot", self.last)

    def _note(self, call: str, value: Any, argument: Any = None) -> None:
        now = time.monotonic()
        self.world.history.write(
            Operation(
                client=self.name,
                model="events",
                key=self.name,
                call=call,
                argument=argument,
                invoked=now,
                returned=now,
                outcome="ok",
                value=value,
            )
        )

    def until(self, newest: str | None) -> None:
        """Note the newest event of the stream: it must hear of all before it ends."""
        self._note("until", newest)

    def stop(self) -> None:
        """End; ``FOLLOWS_FOR`` after ``until``."""
        self.done.set()
        self.join(30)
