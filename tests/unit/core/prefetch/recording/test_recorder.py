"""The buffer between requests and learning: cheap, bounded, sampled by user."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from app.core.permission import Passage, Place
from app.core.prefetch.recording import BehaviourRecorder
from app.core.prefetch.steps import ACTION_LENGTH, Step

CHANNEL = Place("channel", 3)
# Calls of Python functions that a request may pay for: its own, those of the two tuples that it
# makes, and the one that appends.
MOST_CALLS = 4


def opened(size: int = 100, sample: float = 1.0) -> BehaviourRecorder:
    recorder = BehaviourRecorder(size, sample)
    recorder.open = True
    return recorder


def calls_of(act: Callable[[], object]) -> int:
    """How many Python functions ``act`` calls."""
    count = 0

    def count_calls(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(count_calls)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def test_what_was_passed_comes_out_in_order() -> None:
    recorder = opened()
    for user_id in (1, 2):
        recorder.passed(Passage(user_id, "message.send", CHANNEL))
    found = recorder.drain()
    assert [visit.user_id for visit in found] == [1, 2]
    assert found[0].step == Step("message.send", "channel", 3) and found[0].observed
    assert recorder.drain() == []


def test_a_request_pays_for_a_few_calls_and_no_input_or_output() -> None:
    recorder = opened()
    passage = Passage(1, "message.send", CHANNEL)
    assert calls_of(partial(recorder.passed, passage)) <= MOST_CALLS


def test_a_full_buffer_drops_and_counts() -> None:
    recorder = opened(size=100)
    for _ in range(130):
        recorder.passed(Passage(1, "message.send", CHANNEL))
    assert (len(recorder), recorder.noted, recorder.dropped) == (100, 100, 30)


def test_nothing_is_taken_before_anybody_drains() -> None:
    recorder = BehaviourRecorder(10, 1.0)
    recorder.passed(Passage(1, "message.send", CHANNEL))
    assert not recorder.told(1, Step("a", "global", None), 0.0)
    assert (len(recorder), recorder.dropped) == (0, 0)


def test_a_sample_is_of_users_and_keeps_all_that_they_do() -> None:
    recorder = opened(size=10_000, sample=0.3)
    for user_id in range(1, 1_001):
        for _ in range(3):
            recorder.passed(Passage(user_id, "message.send", CHANNEL))
    seen = [visit.user_id for visit in recorder.drain()]
    assert 200 < len(set(seen)) < 400
    assert all(seen.count(user_id) == 3 for user_id in set(seen))


def test_a_requirement_that_is_too_long_is_left_out() -> None:
    recorder = opened()
    recorder.passed(Passage(1, "a" * (ACTION_LENGTH + 1), CHANNEL))
    assert len(recorder) == 0


def test_somebody_who_is_forgotten_is_not_drained() -> None:
    recorder = opened()
    for user_id in (1, 2, 1):
        recorder.passed(Passage(user_id, "message.send", CHANNEL))
    recorder.forget(1)
    assert [visit.user_id for visit in recorder.drain()] == [2]
    recorder.passed(Passage(1, "message.send", CHANNEL))
    assert [visit.user_id for visit in recorder.drain()] == [1]
