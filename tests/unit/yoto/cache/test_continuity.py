"""Gaps in the log, and the reasons for dropped memory: Redis was silent, or the process busy."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import logged
from yoto.cache import ORIGIN
from yoto.cache.continuity import SPELL_OVER, Continuity, Gap, Lapses


def read(*numbers: int) -> Continuity:
    """A reader of entries with these numbers, at positions a hundred times as large."""
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


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def spell(lapses: Lapses, clock: Clock, *failed: bool) -> None:
    for one in failed:
        lapses.note(2.5, one)
        clock.now += 3.0
    clock.now += SPELL_OVER
    lapses.end_if_over()


@pytest.mark.parametrize(
    ("failed", "level", "begins", "ends"),
    [
        ((True,), "WARNING", "redis was silent for 2.5 s", None),
        ((False,), "INFO", "this process was busy or stopped for 2.5 s", None),
        ((True,) * 4, "WARNING", "redis was silent", "4 times in 9 s, after at most 2.5 s: redis"),
        (
            (False,) * 9,
            "INFO",
            "this process was busy",
            "9 times in 24 s, after at most 2.5 s: the",
        ),
    ],
)
def test_a_spell_is_a_line_and_its_count(
    caplog: pytest.LogCaptureFixture,
    failed: tuple[bool, ...],
    level: str,
    begins: str,
    ends: str | None,
) -> None:
    caplog.set_level(logging.DEBUG, logger="yoto.cache.continuity")
    clock = Clock()
    lapses = Lapses(clock)
    spell(lapses, clock, *failed)
    first, *others = caplog.records
    assert (first.levelname, len(others)) == (level, 0 if ends is None else 1)
    assert begins in first.message
    if ends is not None:
        assert ends in others[0].message
    caplog.clear()
    spell(lapses, clock, *failed)
    assert begins in caplog.records[0].message


def test_a_silent_redis_is_reported_also_in_a_spell_of_a_busy_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="yoto.cache.continuity")
    clock = Clock()
    spell(Lapses(clock), clock, False, False, True, True, False)
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]
    assert caplog.records[-1].message.endswith("redis was silent")
