"""Happenings for the pictures: a denial, a request for access, an alert, dead letters, a trial."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Flask
from playwright.sync_api import Page

from app import close_app, create_app
from app.extensions import optimization
from tests.support.people import call
from tests.support.process import RunningYoto
from tools.screenshots.scenes import MEMBER
from yoto.errors import ValidationFailed
from yoto.rooms.queues.batch import QueueItem

ANNOUNCEMENTS, GENERAL = 2, 1  # channels of the demo's first server
FAILED_SIGN_INS = 14  # more than ten in a minute are an alert
WAIT_SECONDS = 120.0


class Happenings:
    """Makes things happen in a started demo, and knows their ids in addresses of pages."""

    def __init__(self, yoto: RunningYoto, page: Page) -> None:
        """``page`` shows the control plane to an administrator."""
        self._yoto, self._page = yoto, page
        body = {"username": MEMBER, "password": yoto.accounts[MEMBER]}
        self._token = call(yoto, "POST", "auth/login", body)[1]["access_token"]

    def come_about(self) -> dict[str, str]:
        """Make all of them happen.

        Returns:
            by name, the parts of addresses of pages that differ from one start to the next.
        """
        self._get_denied()
        for number in range(FAILED_SIGN_INS):
            body = {"username": f"nobody{number}", "password": "guessed"}
            call(self._yoto, "POST", "auth/login", body)
        self._operate(
            "POST",
            "/breakers/message.search/isolate",
            {"expires_in": 3600, "reason": "the index is being rebuilt"},
        )
        source = self._operate("GET", "/policies/risk")["source"]
        rule = '\ndeny contains "stocktaking" if input.action.name == "server.manage"\n'
        self._operate("POST", "/policy-shadow", {"name": "risk", "source": source + rule})
        decision = self._first(f"/decisions?allowed=false&user={MEMBER}", "items")
        alert = self._first("/alerts?state=open", "items")
        return {"decision": str(decision["id"]), "alert": str(alert["id"])}

    def go_on(self) -> None:
        """Call once more, so often that a limit rejects some of it."""
        for number in range(70):
            body = {"content": f"Is anybody there? ({number})"}
            call(self._yoto, "POST", f"channels/{GENERAL}/messages", body, self._token)

    def _get_denied(self) -> None:
        """Get denied, and ask for the right."""
        path = f"channels/{ANNOUNCEMENTS}/messages"
        for _ in range(3):
            assert call(self._yoto, "POST", path, {"content": "Sunday!"}, self._token)[0] == 403
        asked = {
            "permission": "message.send",
            "also": ["message.manage"],
            "scope": "channel",
            "scope_id": ANNOUNCEMENTS,
            "reason": "I organise the market walk on Sunday",
            "seconds": 3600,
        }
        assert call(self._yoto, "POST", "access-requests", asked, self._token)[0] == 201

    def _operate(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._page.evaluate(
            """async ([method, path, body]) => {
                const api = await import("/static/control/api.js");
                return method === "GET" ? api.get(path) : api[method.toLowerCase()](path, body, {});
            }""",
            [method, path, {"reason": "to see how it would judge", **(body or {})}],
        )

    def _first(self, path: str, items: str) -> Any:
        """The first entry of a list, as soon as it has one."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not (found := self._operate("GET", path)[items]):
            assert time.monotonic() < deadline, f"{path} stayed empty"
            time.sleep(1)
        return found[0]


@contextmanager
def neighbour(yoto: RunningYoto) -> Iterator[Flask]:
    """A worker of the same installation whose queue gives items up."""
    app = create_app("development", instance_path=str(yoto.instance))
    try:
        queue = optimization.of(app).queue
        queue.register_handler("digest.mail", _refuse)
        queue.start()
        queue.enqueue_many("digest.mail", [{"user_id": number} for number in (2, 7, 11)])
        queue.enqueue_many("thumbnail", [{"message_id": 41}])
        yield app
    finally:
        close_app(app)


def _refuse(items: Sequence[QueueItem]) -> None:
    raise ValidationFailed({"address": "the mail server does not know this address"})


@contextmanager
def again_and_again(happenings: Happenings, seconds: float = 30.0) -> Iterator[None]:
    """Call ``go_on`` in a thread of its own, so often that charts show it."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            happenings.go_on()
            stop.wait(seconds)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
