"""What the log says when memory is dropped: Redis was silent, or the process was busy."""

from __future__ import annotations

import logging

import pytest

from yoto.cache.lapses import SPELL_OVER, Lapses


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
    caplog.set_level(logging.DEBUG, logger="yoto.cache.lapses")
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
    caplog.set_level(logging.DEBUG, logger="yoto.cache.lapses")
    clock = Clock()
    spell(Lapses(clock), clock, False, False, True, True, False)
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]
    assert caplog.records[-1].message.endswith("redis was silent")
