"""The signal for denials: who is told what, and that nothing of it changes an answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from flask import Flask, abort

from tests.unit.yoto.permission.conftest import FakeSource
from yoto.cache import place_key
from yoto.errors import PermissionDenied, StoreUnavailable
from yoto.housekeeping import MOST_WAITING
from yoto.permission import (
    AccessGranted,
    GrantedAccess,
    Permission,
    acting_as,
    permission_denied,
    require_permission,
)
from yoto.permission.guards import denying
from yoto.permission.registry.scopes import Place
from yoto.permission.state import EXTENSION

SEND = Permission("message.send", "channel", 3)


@pytest.fixture
def client(bare_app: Flask, source: FakeSource) -> Any:
    """Account 2, which has nothing."""

    @bare_app.get("/<int:channel_id>")
    @require_permission("message.send", scope="channel", scope_id="channel_id")
    def view(channel_id: int) -> str:
        return "seen"

    bare_app.extensions[EXTENSION].subject_loader = lambda: 2
    bare_app.register_error_handler(
        PermissionDenied, lambda error: (str(error.decision.reason), 403)
    )
    source.give(2)
    return bare_app.test_client()


@pytest.fixture
def heard(bare_app: Flask) -> Iterator[list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []

    def listen(sender: Flask, **what: Any) -> None:
        told.append({"sender": sender, **what})

    with permission_denied.connected_to(listen, bare_app):
        yield told


def test_who_listens_is_told_of_each_denial_and_of_nothing_else(
    bare_app: Flask, source: FakeSource, client: Any, heard: list[dict[str, Any]]
) -> None:
    assert client.get("/3").status_code == 403
    [told] = heard
    decision = told.pop("decision")
    assert (decision.allowed, decision.reason) == (False, "not_granted")
    assert told == {
        "sender": bare_app,
        "user_id": 2,
        "permission": "message.send",
        "place": Place("channel", 3),
    }
    with bare_app.app_context(), acting_as(2):
        assert not SEND.can()
        assert len(heard) == 1
        errors = []
        for condition in (SEND, SEND | Permission("platform.view")):
            with pytest.raises(PermissionDenied) as denied:
                condition.test()
            errors.append((denied.value.scope, denied.value.scope_id))
    assert errors == [("channel", 3), (None, None)]
    assert [told["place"] for told in heard[1:]] == [Place("channel", 3), None]
    source.give(2, "message.send")
    assert client.get("/3").status_code == 200
    assert len(heard) == 3


def test_who_listens_to_another_application_is_told_nothing(client: Any) -> None:
    heard: list[Any] = []
    with permission_denied.connected_to(lambda *_, **what: heard.append(what), Flask("other")):
        assert client.get("/3").status_code == 403
    assert heard == []


def test_what_a_receiver_does_changes_no_answer(
    client: Any, heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(sender: Flask, **what: Any) -> None:
        abort(418)

    def allow(sender: Flask, **what: Any) -> None:
        what["decision"].allowed = True

    async def later(sender: Flask, **what: Any) -> None:
        raise ZeroDivisionError

    for receiver in (refuse, allow, later):
        permission_denied.connect(receiver)
    try:
        answer = client.get("/3")
    finally:
        for receiver in (refuse, allow, later):
            permission_denied.disconnect(receiver)
    assert (answer.status_code, answer.text) == (403, "not_granted")
    assert len(heard) == 1
    assert caplog.text.count("a receiver of permission_denied failed") == 3


def test_a_database_that_does_not_say_who_it_is_keeps_no_receiver_from_a_denial(
    bare_app: Flask,
    client: Any,
    heard: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[int]] = []

    class Away:
        def keys_of(self, numbers: list[int]) -> dict[int, Any]:
            asked.append(numbers)
            raise StoreUnavailable("database")

    monkeypatch.setattr(denying, "current_keys", Away)
    also: list[dict[str, Any]] = []

    def listen(sender: Flask, **what: Any) -> None:
        also.append(what)

    with permission_denied.connected_to(listen, bare_app):
        assert client.get("/3").status_code == 403
    assert [told["user_id"] for told in (*heard, *also)] == [None, None]
    # Once for all of them.
    assert asked == [[2]] and caplog.text.count("not whose it is") == 1


CHANNEL_3 = place_key("channel", 3)


def test_each_listener_is_notified_in_order_and_only_when_somebody_publishes() -> None:
    heard: list[tuple[str, AccessGranted]] = []
    granted = GrantedAccess(
        lambda event: heard.append(("first", event)), lambda event: heard.append(("second", event))
    )
    granted(7, "message.send", CHANNEL_3)
    granted(8, "message.pin", CHANNEL_3)
    assert heard == []
    granted.flush()
    assert [(name, event.user_id) for name, event in heard] == [
        ("first", 7),
        ("first", 8),
        ("second", 7),
        ("second", 8),
    ]
    event = heard[0][1]
    assert event.requirement == "message.send" and str(event.place) == "channel:3"
    assert event.at <= heard[1][1].at
    granted.flush()
    assert len(heard) == 4


def test_a_request_pays_for_one_call_and_no_input_or_output() -> None:
    granted = GrantedAccess(lambda event: None)
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        granted(7, "message.send", CHANNEL_3)
    finally:
        sys.setprofile(None)
    assert calls == 1


def test_a_listener_that_fails_is_logged_and_keeps_nobody_from_hearing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[int] = []

    def fail(event: AccessGranted) -> None:
        raise ValueError("the listener")

    granted = GrantedAccess(fail, lambda event: heard.append(event.user_id))
    granted(7, "message.send", CHANNEL_3)
    granted.flush()
    assert heard == [7] and "the listener" in caplog.text


def test_what_waits_is_bounded_and_nothing_of_it_is_lost() -> None:
    heard: list[int] = []
    granted = GrantedAccess(lambda event: heard.append(event.user_id))
    for user_id in range(3 * MOST_WAITING):
        granted(user_id, "message.send", CHANNEL_3)
        assert user_id + 1 - len(heard) <= MOST_WAITING
    granted.flush()
    assert heard == list(range(3 * MOST_WAITING))


def test_threads_that_grant_and_publish_at_once_lose_and_double_nothing() -> None:
    heard: list[int] = []
    granted = GrantedAccess(lambda event: heard.append(event.user_id))

    def work(first: int) -> None:
        for user_id in range(first, first + 2_000):
            granted(user_id, "message.send", CHANNEL_3)
            if not user_id % 97:
                granted.flush()

    threads = [threading.Thread(target=work, args=(number * 2_000,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    granted.flush()
    assert sorted(heard) == list(range(8_000))
