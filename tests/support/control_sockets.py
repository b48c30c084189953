"""Sockets of the control plane for tests: in this process, and by a real client."""

from __future__ import annotations

from collections import Counter
from typing import Any

import engineio
import socketio
from flask import Flask
from flask_socketio.test_client import SocketIOTestClient

from tests.support.waiting import wait_until

NAMESPACE = "/control"
Message = tuple[str, Any]


class TestSocket:
    """A socket of an application in this process."""

    __test__ = False

    def __init__(self, app: Flask, auth: Any = None, **options: Any) -> None:
        """``options`` are those of ``SocketIO.test_client``."""
        server = app.extensions["socketio"]
        self.client: SocketIOTestClient = server.test_client(
            app, namespace=NAMESPACE, auth=auth, **options
        )
        self.messages: list[Message] = []

    @property
    def connected(self) -> bool:
        return bool(self.client.is_connected(NAMESPACE))

    def send(self, event: str, *data: Any) -> Any:
        """The acknowledgement of an event."""
        return self.client.emit(event, *data, namespace=NAMESPACE, callback=True)

    def subscribe(self, *topics: str, last: str | None = None, types: Any = None) -> Any:
        """The acknowledgement of a subscription, which must be a good one."""
        filters = {} if types is None else {"types": types}
        wanted = {"topics": list(topics), "filters": filters, "last_event_id": last}
        answer = self.send("subscribe", wanted)
        assert answer["ok"], answer
        return answer

    def heard(self, name: str | None = None) -> list[Any]:
        """Messages that came in: all, or the data of those of one name."""
        queue = self.client.queue  # also what came before the end of a connection that has ended
        while queue:
            packet = queue.pop(0)
            self.messages.append((packet["name"], packet["args"][0]))
        if name is None:
            return self.messages
        return [data for one, data in self.messages if one == name]

    def wait_for(self, name: str, count: int = 1) -> list[Any]:
        """The data of messages of one name, once there are so many."""
        wait_until(lambda: len(self.heard(name)) >= count)
        return self.heard(name)

    def leave(self) -> None:
        self.client.disconnect(NAMESPACE)


class _OneByOne(engineio.Client):
    """Takes messages as they came; the library gives each a thread of its own."""

    def _trigger_event(self, event: str, *args: Any, run_async: bool = False, **more: Any) -> Any:
        later = run_async and event != "message"
        return super()._trigger_event(event, *args, run_async=later, **more)


class _OrderlyClient(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _OneByOne


class FaithfulSocket:
    """A client over the network that connects again by itself, and reads on where it was."""

    def __init__(self, url: str, token: str, types: list[str]) -> None:
        """``types``: the events that it subscribes to, as the protocol filters them."""
        self._types = types
        self.client = _OrderlyClient(reconnection_delay=0.1, reconnection_delay_max=0.5)
        self.messages: list[Message] = []
        self.connects = 0
        self._last: str | None = None
        self._transports: list[Any] = []
        self.client.on("*", self._take, namespace=NAMESPACE)
        self.client.on("connect", self._subscribe, namespace=NAMESPACE)
        self.client.connect(
            url, auth={"token": token}, namespaces=[NAMESPACE], transports=["websocket"]
        )
        self.wait_for("snapshot")

    def heard(self, name: str) -> list[Any]:
        """The data of messages of one name."""
        return [data for one, data in list(self.messages) if one == name]

    def wait_for(self, name: str, count: int = 1, seconds: float = 60) -> list[Any]:
        """The data of messages of one name, once there are so many."""
        try:
            wait_until(lambda: len(self.heard(name)) >= count, seconds)
        except TimeoutError as error:
            heard = Counter(one for one, _ in list(self.messages))
            state = f"connected {self.connects} times, now {self.client.connected}, heard {heard}"
            raise TimeoutError(f"{count} of {name} did not come: {state}") from error
        return self.heard(name)

    def close(self) -> None:
        self.client.disconnect()
        for transport in self._transports:
            transport.shutdown()  # the library leaves those that broke to the garbage collector

    def _subscribe(self) -> None:
        self.connects += 1
        self._transports.append(self.client.eio.ws)
        wanted = {
            "topics": ["events"],
            "filters": {"types": self._types},
            "last_event_id": self._last,
        }
        self.client.emit("subscribe", wanted, namespace=NAMESPACE)

    def _take(self, name: str, data: Any = None) -> None:
        self.messages.append((name, data))
        if name == "permission_event":
            self._last = data["id"]
        elif name == "snapshot":
            self._last = data["last_event_id"]
