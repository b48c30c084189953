"""Deeds survive their way to Redis and back, and what is no deed is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from yoto.nodes import TEXT_ID
from yoto.rooms.prefetch.recording.batch import (
    VisitBatch,
    age_ms,
    from_log,
    from_member,
    to_log,
    to_member,
)
from yoto.rooms.prefetch.recording.recorder import Visit
from yoto.rooms.prefetch.steps import Step

steps = st.builds(
    lambda action, where: Step(action, *where),
    st.sampled_from(["message.send", "channel.read AND message.send", "a.b", "NOT (a.b OR c.d)"]),
    st.one_of(
        st.just(("global", None)),
        st.tuples(st.sampled_from(["server", "channel"]), st.integers(1, 2**63 - 1)),
        st.tuples(st.just("document"), st.uuids()),
        st.tuples(st.just("file"), st.from_regex(TEXT_ID, fullmatch=True)),
    ),
)
visits = st.builds(Visit, st.just(7), steps, st.floats(0, 1_000), st.booleans())


@given(st.lists(visits, min_size=1, max_size=10))
def test_the_log_gives_back_what_was_logged(seen: list[Visit]) -> None:
    found = from_log(7, to_log(seen, moment=2_000.0), written_ms=5_000_000)
    assert [(activity.step, activity.observed) for activity in found] == [
        (visit.step, visit.observed) for visit in seen
    ]
    for activity, visit in zip(found, seen, strict=True):
        assert activity.at == approx(5_000 - (2_000 - visit.moment), abs=0.002)


@given(visits, st.integers(0, 10**9), st.integers(0, 499))
def test_a_history_gives_back_what_was_kept(visit: Visit, number: int, index: int) -> None:
    batch = VisitBatch("a1b2c3d4", number)
    found = from_member(7, to_member(batch, index, visit).encode(), at_ms=1_500)
    assert found is not None
    assert (found.step, found.observed, found.at) == (visit.step, visit.observed, 1.5)


def test_members_of_a_batch_are_all_different() -> None:
    visit = Visit(7, Step("message.send", "channel", 3), 0.0)
    batch = VisitBatch.of("w", 1, [visit] * 5)
    assert len(batch) == 5
    assert len({to_member(batch, index, visit) for index in range(5)}) == 5


def test_what_nobody_here_wrote_is_left_out() -> None:
    assert from_log(7, b"\xff{", 0) == [] == from_log(7, b'{"a": 1}', 0)
    assert from_member(7, b"nonsense", 0) is None
    assert from_log(7, b'[["a.b", "channel", "x", 5, true]]', 0) == []
    assert from_member(7, b"w.1.0 o channel:x message.send", 0) is None
    assert from_member(7, b"\xff\xfe", 0) is None


def test_a_clock_that_jumps_makes_no_age_negative() -> None:
    assert age_ms(Visit(7, Step("a", "global", None), 100.0), moment=50.0) == 0
