"""Prefetching on the real cache: habits gain, and without a pattern it turns itself down."""

from __future__ import annotations

from benchmarks.prefetch.replay import Run, made_up, replay
from benchmarks.prefetch.traces import Shape, navigation
from tests.support.redis_servers import Server
from tests.support.require import LONG
from yoto.rooms.prefetch.settings import PrefetchSettings

# Short, and long enough for habits to be seen.
SHAPE = Shape(users=60, servers=10, memberships=2, favourites=6)
WITH_HABITS, WITHOUT = 9_000, 2_500
SETTINGS = PrefetchSettings()
MOST_EXTRA = 0.02


def run(server: Server, length: int, habits: float, settings: PrefetchSettings | None) -> Run:
    trace = navigation(SHAPE, length, 11, habits)
    blind = made_up(SHAPE, 11) if settings and not habits else None
    return replay(server, trace, length, settings, blind, users=15)


@LONG
def test_habits_raise_the_hit_rate_at_equal_memory(valkey_server: Server) -> None:
    without = run(valkey_server, WITH_HABITS, 1.0, None)
    with_ = run(valkey_server, WITH_HABITS, 1.0, SETTINGS)
    assert with_.steady.hit_rate > without.steady.hit_rate + 0.05
    assert with_.stats is not None and with_.stats.precision is not None
    assert with_.stats.precision > SETTINGS.precision
    assert not with_.stats.turned_down
    # Loads of the database: nearly the same, because the entries are in Redis.
    assert with_.whole.loads <= without.whole.loads * 1.05


@LONG
def test_without_a_pattern_it_turns_itself_down_to_next_to_no_extra_work(
    valkey_server: Server,
) -> None:
    """Each step goes anywhere, and each prediction is made up and without a doubt."""
    without = run(valkey_server, WITHOUT, 0.0, None)
    with_ = run(valkey_server, WITHOUT, 0.0, SETTINGS)
    assert with_.stats is not None and with_.stats.turned_down and with_.turns == [True]
    assert with_.whole.prefetched > 0
    assert with_.steady.trips <= without.steady.trips * (1 + MOST_EXTRA)
    assert with_.steady.prefetched <= without.steady.trips * MOST_EXTRA
