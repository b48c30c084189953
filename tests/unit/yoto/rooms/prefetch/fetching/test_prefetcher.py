"""Entries that are prefetched, what becomes of them, and loads that do not work."""

from __future__ import annotations

import pytest

from tests.unit.yoto.rooms.prefetch.fetching.fakes import Stage, channel
from yoto.errors import StoreUnavailable, UnknownResource, ValidationFailed
from yoto.rooms.prefetch.fetching.ledger import HORIZON, HORIZON_STEPS, PATIENCE
from yoto.rooms.prefetch.fetching.loader import LOAD_LIMIT, TOLERATED
from yoto.rooms.prefetch.fetching.prefetcher import PER_USER, USERS_A_TURN
from yoto.rooms.prefetch.settings import PrefetchSettings

HERE, THERE, ELSEWHERE = channel(1), channel(2), channel(3)


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.next = {1: [(THERE, 0.9)]}
    return made


def test_the_likely_next_place_is_brought_into_memory(stage: Stage) -> None:
    assert stage.visit(1, HERE) == 1
    assert stage.cache.fetched == [(THERE, (1,))]
    assert stage.states() == ["ready"]


def test_what_memory_has_is_not_loaded(stage: Stage) -> None:
    stage.cache.put(1, THERE)
    assert stage.visit(1, HERE) == 0


def test_what_is_not_likely_enough_is_not_loaded(stage: Stage) -> None:
    stage.next = {1: [(THERE, 0.3)]}  # half the way to the strictest is asked for at first
    assert stage.visit(1, HERE) == 0


def test_actions_in_one_place_count_together() -> None:
    stage = Stage()
    stage.next = {1: [(THERE, 0.35), (ELSEWHERE, 0.1), (THERE, 0.35)]}
    stage.visit(1, HERE)
    assert stage.cache.fetched == [(THERE, (1,))]


def test_users_of_one_place_are_loaded_together(stage: Stage) -> None:
    stage.next[2] = [(THERE, 0.9)]
    assert stage.prefetcher.turn([(1, HERE), (2, HERE)]) == 2
    ((place, user_ids),) = stage.cache.fetched
    assert (place, sorted(user_ids)) == (THERE, [1, 2])


def test_a_user_has_a_few_at_a_time() -> None:
    stage = Stage()
    stage.next = {1: [(channel(number), 0.9) for number in range(2, 12)]}
    assert stage.visit(1, HERE) == PER_USER


def test_a_turn_predicts_for_those_seen_last() -> None:
    stage = Stage()
    people = range(1, USERS_A_TURN + 11)
    stage.next = {user_id: [(THERE, 0.9)] for user_id in people}
    stage.prefetcher.turn([(user_id, HERE) for user_id in people])
    loaded = {user_id for _, user_ids in stage.cache.fetched for user_id in user_ids}
    assert loaded == set(range(11, USERS_A_TURN + 11))


def test_it_was_used_when_its_user_comes(stage: Stage) -> None:
    stage.visit(1, HERE)
    stage.next = {}
    stage.visit(1, THERE)
    stats = stage.prefetcher.stats()
    assert stats.counts == {"loaded": 1, "used": 1}
    assert (stats.precision, stats.wasted_share, stats.hit_rate_gain) == (1.0, 0.0, 0.5)


def test_it_was_wasted_when_it_had_to_go_before(stage: Stage) -> None:
    stage.visit(1, HERE)
    stage.next = {}
    stage.cache.drop(1, THERE)
    stage.visit(1, THERE)  # loads it anew, as any check does
    assert stage.counts() == {"loaded": 1, "wasted": 1}


def test_it_expires_when_its_user_goes_elsewhere_for_long(stage: Stage) -> None:
    stage.visit(1, HERE)
    stage.next = {}
    for number in range(HORIZON_STEPS):
        stage.visit(1, channel(100 + number))
    assert stage.counts() == {"loaded": 1, "expired": 1}


def test_it_expires_when_its_user_is_away_for_long(stage: Stage) -> None:
    stage.visit(1, HERE)
    stage.now += HORIZON + 1
    stage.prefetcher.turn([])
    assert stage.counts() == {"loaded": 1, "expired": 1}


def test_before_anything_is_decided_precision_is_unknown(stage: Stage) -> None:
    stats = stage.prefetcher.stats()
    assert stats.precision is stats.wasted_share is stats.hit_rate_gain is None


def test_a_loader_that_raises_fails_the_prefetch_and_then_loading_pauses(stage: Stage) -> None:
    stage.cache.error = StoreUnavailable("database")
    stage.next = {user_id: [(THERE, 0.9)] for user_id in range(1, 40)}
    for user_id in range(1, TOLERATED + 2):
        assert stage.visit(user_id, HERE) == 1
    assert stage.counts() == {"failed": TOLERATED + 1}
    assert stage.visit(10, HERE, seconds=0.1) == 0
    assert stage.prefetcher.stats().backoff_seconds > 0
    stage.cache.error = None
    stage.now += 5.0
    assert stage.prefetcher.turn([(11, HERE), (12, ELSEWHERE)]) > 0
    assert stage.prefetcher.stats().backoff_seconds == 0
    assert "StoreUnavailable" in stage.prefetcher.tasks()[-1]["reason"]


def test_a_loader_that_hangs_is_given_up_and_what_comes_late_changes_nothing(stage: Stage) -> None:
    stage.at_once = False
    stage.visit(1, HERE)
    assert stage.states() == ["loading"]
    stage.now += LOAD_LIMIT + 0.1
    stage.prefetcher.turn([])
    assert stage.counts() == {"failed": 1}
    stage.run_jobs()
    assert stage.counts() == {"failed": 1}


def test_with_no_thread_free_it_waits_and_lapses(stage: Stage) -> None:
    stage.free = False
    assert stage.visit(1, HERE) == 0
    assert stage.states() == ["waiting"]
    for _ in range(11):
        stage.now += PATIENCE / 10
        stage.prefetcher.turn([])
    assert stage.counts() == {"lapsed": 1} and stage.cache.fetched == []


def test_a_load_that_its_user_was_faster_than_says_nothing_of_the_prediction(
    stage: Stage,
) -> None:
    stage.at_once = False
    stage.visit(1, HERE)
    stage.next = {}
    stage.visit(1, THERE)
    stage.run_jobs()
    assert stage.counts() == {"lapsed": 1} and stage.prefetcher.stats().precision is None


def test_a_place_that_does_not_exist_is_asked_for_once(stage: Stage) -> None:
    stage.cache.error = UnknownResource("channel", 2)
    for _ in range(6):
        stage.visit(1, HERE)
    assert len(stage.cache.fetched) == 1
    assert stage.prefetcher.stats().backoff_seconds == 0


def test_while_memory_may_not_answer_nothing_is_prefetched(stage: Stage) -> None:
    stage.cache.is_fresh = False
    assert stage.visit(1, HERE) == 0 and not stage.prefetcher.running


def test_it_pauses_and_goes_on_in_this_process_and_in_the_fleet(stage: Stage) -> None:
    stage.prefetcher.pause()
    assert stage.visit(1, HERE) == 0
    stage.prefetcher.resume()
    stage.allowed = False
    assert stage.visit(1, HERE) == 0
    stage.allowed = True
    assert stage.visit(1, HERE) == 1


def test_one_that_waits_can_be_cancelled_and_no_other(stage: Stage) -> None:
    stage.free = False
    stage.visit(1, HERE)
    (task,) = stage.prefetcher.tasks()
    assert stage.prefetcher.cancel(task["id"], "not now")["state"] == "cancelled"
    with pytest.raises(UnknownResource):
        stage.prefetcher.cancel(task["id"], "again")
    stage.free = True
    stage.visit(1, HERE)
    ready, _ = stage.prefetcher.tasks()
    assert ready["state"] == "ready"
    with pytest.raises(ValidationFailed, match="waiting"):
        stage.prefetcher.cancel(ready["id"], "too late")


def test_nothing_is_left_of_somebody_who_is_forgotten(stage: Stage) -> None:
    stage.visit(1, HERE)
    stage.prefetcher.forget(1)
    assert stage.prefetcher.tasks() == []


def test_wrong_predictions_turn_it_down_and_right_ones_up_again() -> None:
    stage = Stage(PrefetchSettings(rate=1_000.0, confidence=0.1))
    place = 1_000
    for turn in range(3_000):
        place += 1
        stage.next = {1: [(channel(10_000 + turn), 0.95)]}
        stage.visit(1, channel(place), seconds=5.0)
    assert stage.prefetcher.stats().turned_down and stage.turned == [True]
    before = len(stage.cache.fetched)
    for turn in range(1_000):
        place += 1
        stage.next = {1: [(channel(20_000 + turn), 0.95)]}
        stage.visit(1, channel(place), seconds=5.0)
    assert len(stage.cache.fetched) - before <= 0.02 * 1_000
    for _ in range(4_000):
        place += 1
        stage.next = {1: [(channel(place + 1), 0.95)]}
        stage.visit(1, channel(place), seconds=5.0)
    assert not stage.prefetcher.stats().turned_down and stage.turned[-1] is False


@pytest.mark.parametrize("jump", [-10_000.0, 10_000_000.0])
def test_a_clock_that_jumps_breaks_nothing(stage: Stage, jump: float) -> None:
    stage.visit(1, HERE)
    stage.now += jump
    stage.next = {1: [(ELSEWHERE, 0.9)]}
    for number in range(3):
        stage.visit(1, channel(50 + number))
    assert (ELSEWHERE, (1,)) in stage.cache.fetched
