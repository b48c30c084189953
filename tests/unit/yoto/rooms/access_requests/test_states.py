"""The life of a request keeps the promises of the whole, whatever happens to it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.access_requests.states import (
    AccessRequestClosed,
    Approval,
    Life,
    RequestState,
    approve,
    end,
    pass_time,
    refuse,
    withdraw,
)

ASKER = "user:1"
OTHERS = ("user:2", "user:3", "user:4")
LAPSE = 100.0

steps = st.lists(
    st.one_of(
        st.tuples(st.just("approve"), st.sampled_from((ASKER, *OTHERS)), st.integers(1, 50)),
        st.tuples(st.sampled_from(("refuse", "end")), st.sampled_from(OTHERS), st.just(0)),
        st.tuples(st.just("withdraw"), st.just(ASKER), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 60)),
    ),
    max_size=12,
)


def live(life: Life, taken: list[Any]) -> list[Life]:
    """The lives of a request along the steps; those that it refuses change nothing."""
    now, lives = 0.0, [life]
    for kind, by, amount in taken:
        now += amount if kind == "wait" else 0.5
        life = pass_time(life, now)
        with suppress(AccessRequestClosed, ValueError):
            match kind:
                case "approve":
                    life = approve(life, Approval(by, now, amount), standing=OTHERS)
                case "refuse":
                    life = refuse(life, by, now, None)
                case "withdraw":
                    life = withdraw(life, now)
                case "end":
                    life = end(life, by, now, None)
        lives.append(life)
    return lives


@given(steps, st.integers(1, 3))
def test_a_request_goes_one_way_and_is_granted_by_enough_others_alone(
    taken: list[Any], needed: int
) -> None:
    lives = live(Life(asker=ASKER, needed=needed, due=LAPSE), taken)
    for before, after in zip(lives, lives[1:], strict=False):
        if before.is_closed:
            assert after == before
        if before.state is RequestState.GRANTED:
            assert after.state in (RequestState.GRANTED, RequestState.ENDED)
        authors = [one.by for one in after.approvals]
        assert ASKER not in authors and len(set(authors)) == len(authors)
        if after.state is RequestState.GRANTED:
            assert len(authors) >= needed
            assert after.due == after.until
            last = max(one.at for one in after.approvals)
            assert after.until == last + min(one.seconds for one in after.approvals)
        assert after.is_closed is (after.due is None)
        assert (after.ended_at is not None) is after.is_closed


def test_who_may_no_longer_approve_does_not_count() -> None:
    life = Life(asker=ASKER, needed=2, due=LAPSE)
    life = approve(life, Approval("user:2", 1.0, 10))
    life = approve(life, Approval("user:3", 2.0, 10), standing=[])
    assert life.state is RequestState.OPEN
    life = approve(life, Approval("user:4", 3.0, 5), standing=["user:3"])
    assert (life.state, life.until) == (RequestState.GRANTED, 8.0)


def test_one_person_who_approves_twice_is_one_person() -> None:
    life = Life(asker=ASKER, needed=2, due=LAPSE)
    for at in (1.0, 2.0):
        life = approve(life, Approval("user:2", at, 10), standing=["user:2"])
    assert life.state is RequestState.OPEN and len(life.approvals) == 1


def test_a_request_that_lapsed_is_not_granted_however_late_that_is_noticed() -> None:
    life = Life(asker=ASKER, needed=1, due=LAPSE)
    with pytest.raises(AccessRequestClosed) as refused:
        approve(life, Approval("user:2", LAPSE, 10))
    assert refused.value.state == "lapsed"
    assert pass_time(life, LAPSE).ended_at == LAPSE
