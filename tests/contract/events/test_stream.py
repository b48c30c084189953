"""The event stream on real servers."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import free_port, wait_until
from yoto.errors import StoreUnavailable
from yoto.events import BEGINNING, ConfigRestored, EventStream, StreamInfo, to_plain
from yoto.events.stream import ONCE_TTL_MS
from yoto.redis import RedisConnection, RedisSettings


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that this test may break."""
    with start_valkey() as server:
        yield server


def restored(number: int) -> ConfigRestored:
    return ConfigRestored(entries=number)


def test_an_event_is_read_as_it_was_published(stream: EventStream) -> None:
    entry_id = stream.publish(restored(7))
    (stored,) = stream.read()
    assert stored.id == entry_id
    assert stored.event == restored(7)
    assert stored.source == "instance-1"
    # The server's clock is this machine's here, so the time must be about now.
    assert abs(stored.at - time.time() * 1000) < 5_000


def test_an_event_with_a_token_is_published_once_whoever_sends_it(
    stream: EventStream, redis: RedisConnection
) -> None:
    other = EventStream(redis, "instance-2")
    first = stream.publish_once(restored(1), "fact:1")
    assert first is not None
    assert stream.publish_once(restored(1), "fact:1") == first
    assert other.publish_once(restored(1), "fact:1") == first
    assert other.publish_once(restored(2), "fact:2") != first
    assert [stored.event for stored in stream.read()] == [restored(1), restored(2)]
    key = redis.keys.event_stream("told", "fact:1")
    assert 0 < redis.client.pttl(key) <= ONCE_TTL_MS


def test_events_are_read_in_order_after_an_id_and_up_to_a_limit(stream: EventStream) -> None:
    ids = [stream.publish(restored(number)) for number in range(5)]
    assert [s.event for s in stream.read(ids[1] or "", limit=2)] == [restored(2), restored(3)]
    assert stream.read(ids[-1] or "") == []


def test_the_newest_events_are_read_backwards(stream: EventStream) -> None:
    ids = [stream.publish(restored(number)) for number in range(5)]
    assert [s.event for s in stream.read_latest(2)] == [restored(4), restored(3)]
    assert [s.id for s in stream.read_latest(9, before_id=ids[2])] == [ids[1], ids[0]]


def test_a_stream_that_was_never_written_is_empty(stream: EventStream) -> None:
    assert stream.info() == StreamInfo(first_id=None, last_id=BEGINNING, trimmed=0)
    assert stream.read() == [] and stream.last_id() == BEGINNING


def test_the_stream_is_trimmed_and_runs_out(stream: EventStream, redis: RedisConnection) -> None:
    # Approximate trimming works on nodes of a hundred entries.
    short = EventStream(redis, "instance-1", max_length=100, ttl_ms=60_000)
    for number in range(350):
        short.publish(restored(number))
    info = short.info()
    assert info.trimmed >= 100 and info.first_id is not None
    assert 0 < redis.client.pttl(short.key) <= 60_000


def test_a_cleared_stream_goes_on_growing(stream: EventStream) -> None:
    before = stream.publish(restored(1))
    assert stream.clear() == 1 and stream.read() == []
    assert stream.last_id() == before
    stream.publish(restored(2))
    assert [stored.event for stored in stream.read(before or "")] == [restored(2)]


def test_an_event_of_an_unknown_type_can_be_shown(
    stream: EventStream, redis: RedisConnection
) -> None:
    redis.client.xadd(stream.key, {"type": "odd", "data": '{"a":[1]}'})
    (stored,) = stream.read()
    plain = to_plain(stored)
    assert plain["type"] == "odd" and plain["data"] == {"a": [1]}
    assert plain["at"] == int(stored.id.split("-")[0])


def test_publishing_without_redis_is_counted_and_hides_nothing() -> None:
    dead = RedisConnection(RedisSettings(url=f"redis://127.0.0.1:{free_port()}"))
    stream = EventStream(dead, "instance-1")
    assert stream.publish(restored(1)) is None
    assert stream.publish_once(restored(1), "fact:1") is None
    assert (stream.counts.published, stream.counts.failed) == (0, 2)
    with pytest.raises(StoreUnavailable):
        stream.read()
    dead.close()


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    own_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    redis = RedisConnection(settings_of(own_server))
    stream = EventStream(redis, "instance-1")
    assert stream.publish(restored(1)) is not None
    own_server.kill()
    told: list[str] = []
    with caplog.at_level(logging.INFO, "yoto.events.stream"):
        for number in range(20):
            assert stream.publish(restored(number)) is None
        own_server.start()
        wait_until(lambda: stream.publish(restored(9)) is not None, 30)
        told = [record.message for record in caplog.records if "events" in record.name]
    assert len(told) == 2
    assert told[0].startswith("events, such as config.restored, are not published now:")
    assert told[1] == f"events are published again; {stream.counts.failed} were not"
    redis.close()
