"""The invalidation log on real servers."""

from __future__ import annotations

import time

import pytest

from tests.contract.cache.conftest import Connect, entries_of
from tests.support.redis_servers import Server
from yoto.cache import ORIGIN, InvalidationLog, Position
from yoto.errors import StoreUnavailable, ValidationFailed
from yoto.redis import RedisConnection, RedisSettings

FOR_EVER = 10**6  # s


def wipe(log: InvalidationLog, redis: RedisConnection) -> None:
    """Lose the log and its counter, as a server without persistence does."""
    redis.client.delete(log.key)
    redis.client.delete(redis.keys.invalidation_log("n"))


def test_what_is_appended_is_read(log: InvalidationLog, redis: RedisConnection) -> None:
    first = log.append(["user:42", "server:7"])
    second = log.append(["global"])
    assert entries_of(redis) == [first, second]
    assert entries_of(redis, first.position) == [second]
    assert log.newest() == second
    assert first.tags == ("user:42", "server:7")


def test_how_long_a_change_had_waited_is_read_and_others_need_not_know(
    log: InvalidationLog, redis: RedisConnection
) -> None:
    late = log.append(["user:42"], late_ms=61_000)
    assert (late.late_ms, log.newest()) == (61_000, late)
    in_time = log.append(["user:42"])
    assert in_time.late_ms == 0
    fields = [sorted(fields) for _, fields in redis.client.xrange(log.key)]
    assert fields == [[b"a", b"n", b"s"], [b"n", b"s"]]


def test_an_empty_log_has_no_newest_entry(log: InvalidationLog, redis: RedisConnection) -> None:
    assert log.newest() is None
    assert entries_of(redis) == []


def test_entries_are_numbered_one_by_one(log: InvalidationLog) -> None:
    numbers = [log.append(["global"]).number for _ in range(5)]
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_after_a_loss_ids_grow_and_numbers_do_not_go_on(
    log: InvalidationLog, redis: RedisConnection
) -> None:
    before = log.append(["global"])
    wipe(log, redis)
    after = log.append(["global"], known=before.position)
    assert after.position > before.position
    assert after.number > before.number + 1


def test_an_id_is_above_what_the_caller_knows_even_if_the_clock_is_behind(
    log: InvalidationLog,
) -> None:
    ahead = Position.of(log.append(["global"]).position.ms + 60_000, 3)
    assert log.append(["global"], known=ahead).position == Position.of(ahead.ms, 4)
    # The log is ahead by itself now.
    assert log.append(["global"], known=ahead).position == Position.of(ahead.ms, 5)
    assert log.append(["global"]).position == Position.of(ahead.ms, 6)


def test_many_subjects_are_spread_over_entries(
    log: InvalidationLog, redis: RedisConnection
) -> None:
    subjects = [f"user:{number}" for number in range(1, 1_201)]
    last = log.append(subjects)
    entries = entries_of(redis)
    assert [len(one.tags) for one in entries] == [500, 500, 200]
    assert [word for one in entries for word in one.tags] == subjects
    assert entries[-1] == last


def test_a_subject_is_appended_once(log: InvalidationLog) -> None:
    assert log.append(["user:1", "user:1"]).tags == ("user:1",)


@pytest.mark.parametrize(
    "subjects", [[], ["user:1", "of_a_later_version:5"], ["user:1 global"], [""]]
)
def test_what_readers_would_not_understand_is_refused(
    log: InvalidationLog, subjects: list[str]
) -> None:
    with pytest.raises(ValidationFailed):
        log.append(subjects)
    assert log.newest() is None


def test_the_log_is_bounded_and_has_an_end(redis: RedisConnection) -> None:
    log = InvalidationLog(redis, max_length=100, ttl_ms=60_000)
    for _ in range(500):
        log.append(["user:1"])
    assert redis.client.xlen(log.key) < 300
    log.listen(ORIGIN, FOR_EVER)
    for key in (log.key, *(redis.keys.invalidation_log(part) for part in ("n", "life"))):
        assert 0 < redis.client.pttl(key) <= 60_000


def test_listening_to_no_log_writes_its_beginning(log: InvalidationLog) -> None:
    first = log.listen(ORIGIN, FOR_EVER)
    assert first.tags == ("global",)
    assert log.listen(ORIGIN, FOR_EVER) == first == log.newest()


def test_listening_to_a_log_that_somebody_heard_a_moment_ago_changes_nothing(
    log: InvalidationLog,
) -> None:
    log.listen(ORIGIN, FOR_EVER)
    last = log.append(["user:1"])
    assert log.listen(ORIGIN, 5.0) == last
    assert log.newest() == last


def test_a_log_that_nobody_heard_for_too_long_is_begun_anew_once(log: InvalidationLog) -> None:
    last = log.append(["user:1"])
    anew = log.listen(ORIGIN, 5.0)
    assert anew.tags == ("global",) and anew.number == last.number + 1
    time.sleep(0.05)
    again = log.listen(ORIGIN, 0.02)
    assert again.tags == ("global",) and again.position > anew.position
    assert log.listen(ORIGIN, 5.0) == again


def test_a_lost_log_is_begun_anew_above_what_is_known(
    log: InvalidationLog, redis: RedisConnection
) -> None:
    before = log.listen(ORIGIN, FOR_EVER)
    ahead = Position.of(before.position.ms + 60_000, 3)
    wipe(log, redis)
    assert log.listen(ahead, FOR_EVER).position == Position.of(ahead.ms, 4)


def test_a_log_that_takes_no_writes_is_not_heard(connect: Connect, own_server: Server) -> None:
    log = InvalidationLog(connect(RedisSettings(url=own_server.url)))
    log.listen(ORIGIN, FOR_EVER)
    with own_server.client() as client:
        client.config_set("maxmemory", "1")
        assert log.newest() is not None
        with pytest.raises(StoreUnavailable):
            log.listen(ORIGIN, FOR_EVER)


def test_an_entry_written_by_hand_is_read_as_one_without_a_number(
    log: InvalidationLog, redis: RedisConnection
) -> None:
    redis.client.xadd(log.key, {"hello": "world"})
    (entry,) = entries_of(redis)
    assert (entry.number, entry.tags) == (0, ("",))
