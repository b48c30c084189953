"""The tailer on real servers: nothing missed, and every loss noticed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.contract.cache.conftest import Connect, entries_of
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from tests.unit.yoto.cache.builders import entry
from yoto.cache import ORIGIN, CacheSettings, InvalidationLog, Position, Tailer
from yoto.cache.memory import Memory
from yoto.redis import RedisConnection, RedisSettings


class Follower:
    """A tailer with its memory, and what it told."""

    def __init__(self, redis: RedisConnection, max_staleness: float = 2.0) -> None:
        self.memory = Memory(CacheSettings())
        self.log = InvalidationLog(redis)
        self.tailer = Tailer(redis, self.log, self.memory.coherence, max_staleness)
        self.told: list[tuple[str, ...]] = []
        self.tailer.subscribe(self._listen)

    def _listen(self, tags: Sequence[str], position: Position) -> None:
        self.told.append(tuple(tags))

    def start(self) -> Follower:
        """Start, and return when the log was read to its end."""
        self.tailer.start()
        wait_until(lambda: self.fresh, what="the log to be read")
        return self

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.tailer.fresh_until

    def remembers(self, user_id: int = 1) -> bool:
        return self.memory.slot(user_id, 0) is not None

    def remember(self, user_id: int = 1) -> bool:
        """Remember an entry as of now."""
        return self.memory.remember(entry(self.tailer.applied, user_id=user_id))

    def believes(self, position: Position) -> bool:
        """Whether an entry of ``position`` could be remembered."""
        return self.memory.coherence.believes(entry(position))


@pytest.fixture
def follow(connect: Connect) -> Iterator[Callable[..., Follower]]:
    """Makes followers; they end before the connections do."""
    made: list[Follower] = []

    def make(redis: RedisConnection, **options: Any) -> Follower:
        made.append(Follower(redis, **options))
        return made[-1]

    yield make
    for one in made:
        one.tailer.close()


Follow = Callable[..., Follower]


def test_an_event_is_applied_at_once(
    follow: Follow, redis: RedisConnection, log: InvalidationLog
) -> None:
    follower = follow(redis).start()
    follower.remember(1)
    follower.remember(2)
    delays = []
    for _ in range(5):
        began = time.monotonic()
        position = log.append(["user:1"]).position
        assert follower.tailer.wait_until_applied(position, 5)
        delays.append(time.monotonic() - began)
    assert not follower.remembers(1)
    assert follower.remembers(2)
    # Not by the next poll: a read was waiting for it.
    assert min(delays) < 0.1


def test_the_first_worker_writes_the_beginning_of_an_empty_log(
    follow: Follow, redis: RedisConnection, log: InvalidationLog
) -> None:
    follower = follow(redis).start()
    newest = log.newest()
    assert newest is not None and newest.tags == ("global",)
    assert follower.tailer.applied == newest.position
    # Nobody knows what a lost log may have said about older entries.
    assert not follower.believes(Position(newest.position - 1))
    assert follower.remember()
    assert follower.tailer.counts.gaps == 0


def test_a_later_worker_builds_its_floors_from_what_is_there(
    follow: Follow, redis: RedisConnection, log: InvalidationLog
) -> None:
    log.listen(ORIGIN, 60)
    positions = [log.append([f"user:{number % 3 + 1}"]).position for number in range(2_500)]
    follower = follow(redis, max_staleness=60).start()
    assert follower.tailer.applied == positions[-1]
    assert follower.tailer.counts.entries == 2_501
    # Number 2499 was about user 1, number 2496 too.
    assert follower.believes(positions[2499])
    assert not follower.believes(positions[2498])
    beginning = entries_of(redis)[0].position
    assert not follower.memory.coherence.believes(entry(beginning - 1, user_id=99))
    assert follower.memory.coherence.believes(entry(beginning, user_id=99))
    # Listeners hear of its history once.
    wait_until(lambda: follower.told)
    assert follower.told == [("global",)]


def test_listeners_hear_each_event(
    follow: Follow, redis: RedisConnection, log: InvalidationLog
) -> None:
    follower = follow(redis).start()
    wait_until(lambda: follower.told)
    for tags in (["user:1", "role:2"], ["policy"], ["server:7"]):
        log.append(tags)
    wait_until(lambda: len(follower.told) == 4)
    assert follower.told[1:] == [("user:1", "role:2"), ("policy",), ("server:7",)]


def test_a_lost_log_flushes_and_is_begun_anew(
    follow: Follow, redis: RedisConnection, log: InvalidationLog, connect: Connect, reach: Any
) -> None:
    first, second = follow(redis).start(), follow(connect(reach)).start()
    before = log.append(["user:1"]).position
    for follower in (first, second):
        assert follower.tailer.wait_until_applied(before, 5)
        follower.remember()
    redis.client.delete(log.key)
    redis.client.delete(redis.keys.invalidation_log("n"))
    for follower in (first, second):
        wait_until(lambda: follower.tailer.applied > before, what="the log to be begun anew")
        assert not follower.remembers()
        assert not follower.believes(before)
        wait_until(lambda: follower.told[-1] == ("global",))
        assert follower.remember()
    after = first.tailer.append(["user:1"])
    assert second.tailer.wait_until_applied(after, 5)
    assert after > before


def test_a_writer_who_begins_a_lost_log_anew_does_not_hide_the_loss(
    follow: Follow, redis: RedisConnection, log: InvalidationLog
) -> None:
    follower = follow(redis).start()
    follower.tailer.close()
    before = follower.tailer.applied
    follower.remember()
    redis.client.delete(log.key)
    redis.client.delete(redis.keys.invalidation_log("n"))
    log.append(["user:99"], known=before)
    follower.start()
    assert not follower.remembers()
    assert not follower.believes(before)
    assert follower.tailer.counts.gaps == 1


def test_what_was_trimmed_before_it_was_read_flushes(
    follow: Follow, redis: RedisConnection
) -> None:
    follower = follow(redis).start()
    follower.remember(2)
    before = follower.tailer.applied
    follower.tailer.close()
    short = InvalidationLog(redis, max_length=100)
    for _ in range(400):
        last = short.append(["user:1"])
    follower.start()
    assert follower.tailer.counts.gaps == 1
    assert not follower.remembers(2)
    assert not follower.memory.coherence.believes(entry(before, user_id=2))
    assert follower.tailer.applied == last.position
    assert follower.remember()


def test_a_worker_that_comes_back_in_time_replays_what_it_missed(
    follow: Follow, redis: RedisConnection, log: InvalidationLog
) -> None:
    follower = follow(redis, max_staleness=60).start()
    follower.remember(1)
    follower.remember(2)
    follower.tailer.close()
    for number in range(30):
        log.append([f"user:{number + 1}" if number != 1 else "policy"])
    follower.start()
    assert follower.tailer.counts.gaps == 0
    assert not follower.remembers(1)
    assert follower.remembers(2)


def test_entries_lost_by_a_failover_are_told_to_everybody(
    follow: Follow, redis: RedisConnection, log: InvalidationLog, connect: Connect, reach: Any
) -> None:
    """One worker has read an entry that then is gone; another has not, and could not know."""
    knowing = follow(redis, max_staleness=60).start()
    ignorant = follow(connect(reach), max_staleness=60).start()
    ignorant.remember()
    ignorant.tailer.close()
    lost = log.append(["user:1"])
    assert knowing.tailer.wait_until_applied(lost.position, 5)
    knowing.tailer.close()
    # The promoted replica has neither the entry nor its number.
    redis.client.xdel(log.key, str(lost.position))
    redis.client.decr(redis.keys.invalidation_log("n"))
    again = log.append(["user:2"])
    assert again.number == lost.number
    ignorant.start()
    assert ignorant.remembers(), "nothing tells it yet"
    knowing.start()
    wait_until(lambda: not ignorant.remembers(), what="the word of the one who knows")
    assert knowing.tailer.counts.gaps == 1


def test_an_unread_own_entry_that_was_lost_is_told_to_everybody(
    follow: Follow, redis: RedisConnection, log: InvalidationLog, connect: Connect, reach: Any
) -> None:
    writer = follow(redis, max_staleness=60).start()
    other = follow(connect(reach), max_staleness=60).start()
    other.remember()
    for follower in (writer, other):
        follower.tailer.close()
    lost = writer.tailer.append(["user:1"])
    redis.client.xdel(log.key, str(lost))
    redis.client.decr(redis.keys.invalidation_log("n"))
    other.start()
    assert other.remembers(), "nothing tells it yet"
    writer.start()
    wait_until(lambda: not other.remembers(), what="the word of the writer")


def test_closing_ends_at_once_and_nothing_is_applied_any_more(
    follow: Follow, redis: RedisConnection, log: InvalidationLog
) -> None:
    follower = follow(redis).start()
    follower.remember()
    began = time.monotonic()
    follower.tailer.close()
    assert time.monotonic() - began < 10
    assert not follower.fresh
    log.append(["user:1"])
    assert not follower.tailer.wait_until_applied(follower.tailer.applied + 1, 0.05)
    assert follower.remembers()


def test_a_pause_of_redis_ends_freshness_and_drops_memory(
    follow: Follow, connect: Connect, own_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    follower = follow(connect(RedisSettings(url=own_server.url))).start()
    follower.remember()
    own_server.pause()
    paused_at = time.monotonic()
    wait_until(lambda: not follower.fresh, what="the end of freshness")
    assert time.monotonic() - paused_at <= 2.1
    assert follower.remembers()
    own_server.resume()
    wait_until(lambda: follower.fresh, what="Redis to be heard again")
    assert not follower.remembers()
    assert follower.tailer.counts.lapses == 1
    assert follower.tailer.counts.gaps == 0
    assert "redis was silent for" in caplog.text


def test_after_an_outage_nobody_believes_what_was_stored_before_it(
    follow: Follow, connect: Connect, own_server: Server
) -> None:
    """Changes committed meanwhile may still wait in an outbox."""
    reach = RedisSettings(url=own_server.url)
    first, second = follow(connect(reach)).start(), follow(connect(reach)).start()
    before = max(first.tailer.applied, second.tailer.applied)
    own_server.pause()
    # Redis measures the silence too; it may have been heard a moment later than asked.
    time.sleep(2.3)
    assert not first.fresh and not second.fresh
    own_server.resume()
    for follower in (first, second):
        wait_until(lambda: follower.fresh, what="Redis to be heard again")
        assert not follower.believes(before)
        assert follower.tailer.counts.lapses == 1
    assert first.tailer.applied == second.tailer.applied, "one new beginning, not one each"
    newcomer = follow(connect(reach)).start()
    assert not newcomer.believes(before)


def test_a_worker_that_alone_was_cut_off_believes_what_the_others_stored(
    follow: Follow, redis: RedisConnection, connect: Connect, reach: Any
) -> None:
    alone, other = follow(redis).start(), follow(connect(reach)).start()
    alone.remember()
    alone.tailer.close()
    time.sleep(2.1)
    alone.start()
    assert not alone.remembers()
    assert alone.believes(other.tailer.applied)
    assert (alone.tailer.counts.lapses, alone.tailer.counts.gaps) == (1, 0)


def test_a_restarted_server_is_found_again(
    follow: Follow, connect: Connect, own_server: Server
) -> None:
    follower = follow(connect(RedisSettings(url=own_server.url))).start()
    before = follower.tailer.applied
    follower.remember()
    own_server.restart()
    wait_until(lambda: follower.tailer.applied > before, what="the log to be begun anew")
    assert not follower.remembers()
    assert not follower.believes(before)
    position = follower.tailer.append(["user:1"])
    assert follower.tailer.wait_until_applied(position, 5)


def test_what_was_heard_counts_from_the_question_not_from_the_answer(
    follow: Follow,
    redis: RedisConnection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A worker that was stopped between the two must not think itself fresh."""
    caplog.set_level("INFO", logger="yoto.cache.continuity")
    follower = follow(redis)
    follower.tailer.begin()
    follower.tailer.take(())
    follower.tailer.begin()
    asked = time.monotonic()
    monkeypatch.setattr("yoto.cache.tailer.monotonic", lambda: time.monotonic() + 60)
    follower.tailer.take(())
    assert 0 < follower.tailer.fresh_until <= asked + 2.0
    assert follower.tailer.counts.lapses == 1
    assert "this process was busy or stopped for" in caplog.text
    assert "redis was silent" not in caplog.text
