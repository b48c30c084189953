from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import logged
from yoto.cache import ORIGIN
from yoto.cache.continuity import Continuity, Gap


def read(*numbers: int) -> Continuity:
    """What has read entries with these numbers, at positions a hundred times as large."""
    continuity = Continuity()
    for number in numbers:
        continuity.follow(logged(number * 100, number=number))
    return continuity


def test_the_first_entry_is_a_start() -> None:
    assert Continuity().follow(logged(500, number=5)) is Gap.START


def test_the_next_number_is_no_gap() -> None:
    assert read(5).follow(logged(600, number=6)) is None


def test_a_number_that_was_left_out_means_trimmed_entries() -> None:
    assert read(5).follow(logged(700, number=7)) is Gap.TRIMMED


def test_a_number_that_comes_again_means_that_redis_lost_entries() -> None:
    assert read(5, 6).follow(logged(700, number=6)) is Gap.REWRITTEN


def test_after_a_gap_numbers_are_followed_again() -> None:
    continuity = read(5, 7)
    assert continuity.follow(logged(800, number=8)) is None


def test_an_own_entry_that_was_lost_is_missed_though_nobody_read_it() -> None:
    continuity = read(5)
    continuity.note(logged(600, number=6))
    # A failover forgot number 6; another writer got it again.
    assert continuity.follow(logged(700, number=6)) is Gap.REWRITTEN


def test_an_own_entry_that_is_still_to_come_disturbs_nothing() -> None:
    continuity = read(5)
    continuity.note(logged(700, number=7))
    assert continuity.follow(logged(600, number=6)) is None
    assert continuity.follow(logged(700, number=7)) is None
    assert continuity.known == 700


def test_who_knows_nothing_takes_the_log_as_it_is() -> None:
    assert Continuity().check_newest(logged(1), ORIGIN) is None


def test_a_log_that_ends_before_what_is_known_was_lost() -> None:
    continuity = read(5)
    assert continuity.check_newest(logged(499, number=9), continuity.known) is Gap.REWRITTEN
    assert continuity.check_newest(logged(500, number=5), continuity.known) is None
    assert continuity.check_newest(logged(900, number=9), continuity.known) is None


def test_an_entry_that_was_appended_during_the_question_is_no_loss() -> None:
    continuity = read(5)
    before = continuity.known
    continuity.note(logged(600, number=6))
    assert continuity.check_newest(logged(500, number=5), before) is None


def test_beginning_anew_takes_any_number() -> None:
    continuity = read(5)
    continuity.begin_anew()
    assert continuity.follow(logged(600, number=1)) is Gap.START


@given(st.sets(st.integers(1, 30), min_size=1))
def test_whatever_part_of_the_log_is_missing_is_noticed(seen: set[int]) -> None:
    continuity = Continuity()
    before = None
    for number in sorted(seen):
        gap = continuity.follow(logged(number * 100, number=number))
        if before is None:
            assert gap is Gap.START
        else:
            assert gap is (None if number == before + 1 else Gap.TRIMMED)
        before = number
