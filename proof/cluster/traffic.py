"""Traffic through nginx while something happens behind it, and what came of each request."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Self

import socketio

from proof.cluster.callers import Answer, Caller, Place
from tests.support.closing import Closing
from tests.support.waiting import wait_until

# s between two requests of one kind: enough to meet each moment, few enough for two processors.
PACE = 0.1
# s; limits let an address sign in 30 times in five minutes, and each account ten times in thirty.
SIGN_IN_PACE = 15.0
SAYING_PACE = 1.1  # s; a member may send 60 a minute
HEARD_SECONDS = 120.0
AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Outcome:
    """One request: what it was, when by the monotonic clock, and what was answered."""

    kind: str
    at: float
    answer: Answer
    right: bool


class Traffic(Closing):
    """While it is entered: verdicts of both kinds, guarded writes, reads, sign-ins, a websocket.

    Attributes:
        outcomes: of every request.
        said: texts of the messages that were acknowledged.
        heard: those that the websocket brought.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.outcomes: list[Outcome] = []
        self.said: list[str] = []
        self.heard: list[str] = []
        self.connected = 0
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        cluster = place.owner.cluster
        self._signing_in = cycle([Caller(cluster, username) for username in cluster.passwords])
        self._socket = socketio.Client(
            reconnection_delay=0.2, reconnection_delay_max=2, http_session=_trusting(place)
        )

    @property
    def wrong(self) -> list[Outcome]:
        """Those that were not answered as they should be."""
        return [one for one in list(self.outcomes) if not one.right]

    def counts(self) -> Counter[tuple[str, int]]:
        """How often which kind was answered with which status."""
        return Counter((one.kind, one.answer.status) for one in list(self.outcomes))

    def hears(self, by: Callable[[str], Answer]) -> None:
        """Wait until the websocket hears a message that is sent now."""
        deadline = time.monotonic() + HEARD_SECONDS
        while time.monotonic() < deadline:
            text = f"do you hear? {time.monotonic()}"
            # Messages sent before it had joined again do not reach it.
            if by(text).status == 201 and _within(AGAIN_SECONDS, lambda: text in self.heard):
                return
            time.sleep(PACE)
        raise TimeoutError(f"the websocket heard nothing for {HEARD_SECONDS} s")

    def __enter__(self) -> Self:
        place = self.place
        messages = f"channels/{place.channel_id}/messages"
        self._listen()
        self._go_on("allowed", PACE, lambda: self._verdict("message.send", True))
        self._go_on("denied", PACE, lambda: self._verdict("server.manage", False))
        self._go_on("read", PACE, lambda: _with_status(place.member.call("GET", messages), 200))
        self._go_on(
            "refused",
            PACE,
            lambda: _with_status(place.member.call("GET", f"servers/{place.server_id}/audit"), 403),
        )
        self._go_on("said", SAYING_PACE, self._say)
        self._go_on("signed in", SIGN_IN_PACE, self._sign_in)
        return self

    def _listen(self) -> None:
        place = self.place

        def join() -> None:
            self._socket.emit(
                "join", {"channel_id": place.channel_id}, "/community", callback=joined
            )

        def joined(answer: Any) -> None:
            self.connected += bool(answer["ok"])

        self._socket.on("connect", join, namespace="/community")
        self._socket.on(
            "message", lambda data: self.heard.append(data["content"]), namespace="/community"
        )
        self._socket.connect(
            place.owner.cluster.url,
            auth={"token": place.member.token},
            namespaces=["/community"],
            transports=["websocket"],
        )
        wait_until(lambda: self.connected, HEARD_SECONDS, "the websocket to join")

    def _verdict(self, permission: str, expected: bool) -> tuple[Answer, bool]:
        place = self.place
        question = {"permission": permission, "scope": "server", "scope_id": place.server_id}
        answer = place.member.call("POST", "permissions/check", question)
        return answer, answer.status == 200 and answer.body["allowed"] is expected

    def _say(self) -> tuple[Answer, bool]:
        text = f"message {len(self.outcomes)}"
        answer = self.place.say(text)
        if answer.status == 201:
            self.said.append(text)
        return answer, answer.status == 201

    def _sign_in(self) -> tuple[Answer, bool]:
        answer = next(self._signing_in).sign_in()
        # All of them have had their ten: a limit that holds is none the less right.
        return answer, answer.status in (200, 429)

    def _go_on(self, kind: str, pace: float, ask: Callable[[], tuple[Answer, bool]]) -> None:
        def work() -> None:
            while not self._stop.wait(pace):
                at = time.monotonic()
                answer, right = ask()
                self.outcomes.append(Outcome(kind, at, answer, right))

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def close(self) -> None:
        """Stop asking."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        self._socket.disconnect()


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    with suppress(TimeoutError):
        wait_until(condition, seconds)
        return True
    return False


def _with_status(answer: Answer, status: int) -> tuple[Answer, bool]:
    return answer, answer.status == status


def _trusting(place: Place) -> Any:
    import requests

    session = requests.Session()
    session.verify = str(place.owner.cluster.ca)
    return session
