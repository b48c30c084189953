"""Granted access is handed over in one append and published to listeners later."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

import pytest

from yoto.cache import place_key
from yoto.housekeeping import MOST_WAITING
from yoto.permission import AccessGranted, GrantedAccess

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
