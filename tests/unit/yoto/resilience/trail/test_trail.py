"""The ring of a guard in one process, what is stored of it, and who is told of."""

from __future__ import annotations

from yoto.resilience.settings import MultiDimensionalKey
from yoto.resilience.trail import REFUSED, LimitedCall, Noted, Trail, key_of, top_keys
from yoto.resilience.trail.calls import plain_key, slot_call

CALL: Noted = (1.0, 0.5, 0.25, "user:1", 0, None, 1)


def test_a_ring_gives_each_call_once_and_says_when_it_ran_over() -> None:
    trail = Trail(3)
    for _ in range(2):
        trail.note(CALL)
    assert trail.take() == ([CALL, CALL], False)
    assert trail.take() == ([], False)
    for at in range(5):
        trail.note((float(at), 0.0, 0.0, "", 0, None, 1))
    calls, lost = trail.take()
    assert ([call[0] for call in calls], lost) == ([2.0, 3.0, 4.0], True)


def test_a_call_came_before_it_waited() -> None:
    found = slot_call(100.0, CALL)
    assert (found.at, found.waited, found.seconds, found.admitted) == (100.5, 0.5, 0.25, True)
    assert slot_call(0.0, (*CALL[:4], REFUSED, None, 1)).admitted is False


def test_every_key_can_be_stored_and_is_known_again() -> None:
    key = MultiDimensionalKey(7, "nine", "192.0.2.1")
    assert key_of(plain_key(key)) == key
    assert plain_key("text") == "text" and plain_key(None) is None
    odd = plain_key(MultiDimensionalKey(2**70, "half \ud800", None))
    assert odd == (str(2**70), "half \\ud800", None)


def test_who_was_refused_most_comes_first() -> None:
    calls = [LimitedCall(0.0, (user, None, None), 1, user != 3) for user in (1, 1, 1, 2, 3)]
    calls.append(LimitedCall(0.0, (2, None, None), -1, True))
    found = [(use.key, use.passed, use.rejected) for use in top_keys(calls, 2)]
    assert found == [((3, None, None), 0, 1), ((1, None, None), 3, 0)]
