"""The buffer between requests and learning: cheap, bounded, sampled by user."""

from __future__ import annotations

from yoto.cache import place_key
from yoto.permission import AccessGranted
from yoto.rooms.prefetch.recording import BehaviourRecorder
from yoto.rooms.prefetch.recording.recorder import ONE_ACTION
from yoto.rooms.prefetch.steps import ACTION_LENGTH, Step

CHANNEL, AT = place_key("channel", 3), 5.0


def opened(size: int = 100, sample: float = 1.0) -> BehaviourRecorder:
    recorder = BehaviourRecorder(size, sample)
    recorder.open = True
    return recorder


def test_what_was_passed_comes_out_in_order() -> None:
    recorder = opened()
    for user_id in (1, 2):
        recorder.granted(AccessGranted(user_id, "message.send", CHANNEL, AT))
    found = recorder.drain()
    assert [visit.user_id for visit in found] == [1, 2]
    assert found[0].step == Step("message.send", "channel", 3) and found[0].observed
    assert found[0].moment == AT
    assert recorder.drain() == []


def test_a_full_buffer_drops_and_counts() -> None:
    recorder = opened(size=100)
    for user_id in range(130):
        recorder.granted(AccessGranted(user_id, "message.send", CHANNEL, AT))
    assert (len(recorder), recorder.noted, recorder.dropped) == (100, 100, 30)


def test_nothing_is_taken_before_anybody_drains() -> None:
    recorder = BehaviourRecorder(10, 1.0)
    recorder.granted(AccessGranted(1, "message.send", CHANNEL, AT))
    assert not recorder.add_reported(1, Step("a", "global", None), 0.0)
    assert (len(recorder), recorder.dropped) == (0, 0)


def test_a_sample_is_of_users_and_keeps_all_that_they_do() -> None:
    recorder = opened(size=10_000, sample=0.3)
    for user_id in range(1, 1_001):
        for turn in range(3):
            recorder.granted(
                AccessGranted(user_id, "message.send", CHANNEL, AT + turn * ONE_ACTION)
            )
    seen = [visit.user_id for visit in recorder.drain()]
    assert 200 < len(set(seen)) < 400
    assert all(seen.count(user_id) == 3 for user_id in set(seen))


def test_the_same_again_within_a_second_is_the_same_deed() -> None:
    recorder = opened()
    activities = [("message.send", CHANNEL, 0.0), ("message.send", CHANNEL, 0.9)]
    activities += [("message.pin", CHANNEL, 0.95), ("message.send", CHANNEL, 0.96)]
    activities += [("message.send", CHANNEL + 2, 0.97), ("message.send", CHANNEL + 2, 1.97)]
    for requirement, key, at in activities:
        recorder.granted(AccessGranted(1, requirement, key, AT + at))
    kept = [0.0, 0.95, 0.96, 0.97, 1.97]
    assert [visit.moment for visit in recorder.drain()] == [AT + at for at in kept]


def test_a_requirement_that_is_too_long_is_left_out() -> None:
    recorder = opened()
    recorder.granted(AccessGranted(1, "a" * (ACTION_LENGTH + 1), CHANNEL, AT))
    assert len(recorder) == 0


def test_somebody_who_is_forgotten_is_not_drained() -> None:
    recorder = opened()
    for user_id in (1, 2, 1):
        recorder.granted(AccessGranted(user_id, "message.send", CHANNEL, AT))
    recorder.forget(1)
    assert [visit.user_id for visit in recorder.drain()] == [2]
    recorder.granted(AccessGranted(1, "message.send", CHANNEL, AT))
    assert [visit.user_id for visit in recorder.drain()] == [1]


def test_what_still_waits_elsewhere_is_read_before_the_buffer_is_drained() -> None:
    recorder = opened()
    recorder.read_first(lambda: recorder.granted(AccessGranted(1, "message.send", CHANNEL, AT)))
    assert [visit.user_id for visit in recorder.drain()] == [1]
