"""The tailer on real servers: nothing missed, nothing told twice, and losses said."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.events import (
    ConfigRestored,
    EventStream,
    Gap,
    StoredEvent,
    StoreLost,
    Tailer,
    UnknownEvent,
)
from yoto.events.stream import StreamInfo
from yoto.redis import RedisConnection, RedisSettings


class Ears:
    """Hears and remembers."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.gaps: list[Gap] = []

    @property
    def numbers(self) -> list[int]:
        return [s.event.entries for s in self.events if isinstance(s.event, ConfigRestored)]


def restored(number: int) -> ConfigRestored:
    return ConfigRestored(entries=number)


@pytest.fixture
def tailer(stream: EventStream, redis: RedisConnection) -> Iterator[Tailer]:
    one = Tailer(redis, stream)
    yield one
    one.stop()


@pytest.fixture
def ears(tailer: Tailer) -> Ears:
    """A listener to everything, from now on."""
    heard = Ears()
    tailer.subscribe(heard.events.append, heard.gaps.append)
    assert tailer.wait_until_ready(60)
    return heard


def test_what_is_published_is_heard_once_and_in_order(stream: EventStream, ears: Ears) -> None:
    for number in range(20):
        stream.publish(restored(number))
    wait_until(lambda: len(ears.events) >= 20)
    assert ears.numbers == list(range(20))


def test_what_happened_before_the_start_is_not_told(
    stream: EventStream, redis: RedisConnection
) -> None:
    stream.publish(restored(1))
    tailer, heard = Tailer(redis, stream), Ears()
    tailer.subscribe(heard.events.append)
    assert tailer.wait_until_ready(60)
    stream.publish(restored(2))
    wait_until(lambda: heard.events)
    tailer.stop()
    assert heard.numbers == [2]


def test_an_event_is_heard_at_once(stream: EventStream, ears: Ears) -> None:
    delays: list[float] = []
    for number in range(5):
        began = time.monotonic()
        stream.publish(restored(number))
        wait_until(lambda: len(ears.events) > number)
        delays.append(time.monotonic() - began)
    assert min(delays) < 0.1


def test_every_listener_hears_only_the_types_it_asked_for(
    stream: EventStream, tailer: Tailer, ears: Ears
) -> None:
    losses: list[StoredEvent] = []
    tailer.subscribe(losses.append, types=[StoreLost])
    stream.publish(restored(1))
    stream.publish(StoreLost(store="opa"))
    wait_until(lambda: len(ears.events) == 2)
    assert [stored.event for stored in losses] == [StoreLost(store="opa")]


def test_a_listener_that_fails_changes_nothing_for_the_others(
    stream: EventStream, tailer: Tailer, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(stored: StoredEvent) -> None:
        raise RuntimeError("broken listener")

    heard = Ears()
    tailer.subscribe(fails)
    tailer.subscribe(heard.events.append)
    assert tailer.wait_until_ready(60)
    with caplog.at_level(logging.ERROR):
        stream.publish(restored(1))
        stream.publish(restored(2))
        wait_until(lambda: len(heard.events) == 2)
    assert tailer.counts.listener_failures == 2
    assert "broken listener" in caplog.text


def test_an_ended_subscription_hears_no_more(
    stream: EventStream, tailer: Tailer, ears: Ears
) -> None:
    heard = Ears()
    end = tailer.subscribe(heard.events.append)
    stream.publish(restored(1))
    wait_until(lambda: len(ears.events) == 1)
    end()
    stream.publish(restored(2))
    wait_until(lambda: len(ears.events) == 2)
    assert heard.numbers == [1]


def test_each_listener_is_told_from_where_on_it_misses_nothing(tailer: Tailer, ears: Ears) -> None:
    late = Ears()
    tailer.subscribe(late.events.append, late.gaps.append)
    wait_until(lambda: ears.gaps and late.gaps)
    assert ears.gaps == late.gaps == [Gap("start", None)]


def test_an_event_of_a_type_from_elsewhere_is_heard_as_unknown(
    stream: EventStream, ears: Ears, redis: RedisConnection
) -> None:
    redis.client.xadd(stream.key, {"type": "odd", "data": "{}", "at": "5", "source": "x"})
    wait_until(lambda: ears.events)
    assert ears.events[0].event == UnknownEvent(name="odd", data={})


def test_events_trimmed_before_they_were_read_are_a_gap(
    stream: EventStream, tailer: Tailer, ears: Ears
) -> None:
    stream.publish(restored(1))
    wait_until(lambda: ears.events)
    tailer.stop()
    stream.publish(restored(2))
    stream.clear()
    stream.publish(restored(3))
    tailer.start()
    wait_until(lambda: ears.numbers == [1, 3])
    assert [gap.reason for gap in ears.gaps] == ["start", "trimmed"]


def test_a_flushed_redis_is_a_loss_and_the_new_stream_is_followed(
    stream: EventStream, ears: Ears, redis: RedisConnection
) -> None:
    stream.publish(restored(1))
    wait_until(lambda: ears.events)
    redis.client.delete(stream.key)
    wait_until(lambda: len(ears.gaps) == 2)
    stream.publish(restored(2))
    wait_until(lambda: len(ears.events) == 2)
    assert [gap.reason for gap in ears.gaps] == ["start", "lost"]
    assert ears.numbers == [1, 2]


def test_the_thread_ends_at_once_and_can_start_again(
    stream: EventStream, tailer: Tailer, ears: Ears
) -> None:
    began = time.monotonic()
    tailer.stop()
    assert time.monotonic() - began < 10
    stream.publish(restored(1))
    tailer.start()
    # An event published while it stood still comes too.
    wait_until(lambda: ears.numbers == [1])


def test_it_knows_how_long_redis_has_been_silent(tailer: Tailer, ears: Ears) -> None:
    wait_until(lambda: tailer.silent_for is not None and tailer.silent_for < 0.5)


def test_one_thread_serves_all_listeners(tailer: Tailer, ears: Ears) -> None:
    def threads() -> int:
        return sum(thread.name == "yoto-streams" for thread in threading.enumerate())

    before = threads()
    for _ in range(5):
        tailer.subscribe(ears.events.append)
    assert threads() == before


def test_the_last_events_of_a_stream_that_began_again_below_are_told_before_its_loss(
    stream: EventStream,
    redis: RedisConnection,
    tailer: Tailer,
    ears: Ears,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[int | str] = []
    tailer.subscribe(
        lambda stored: heard.append(stored.event.entries),  # type: ignore[attr-defined]
        lambda gap: heard.append(gap.reason),
        types=[ConfigRestored],
    )
    wait_until(lambda: heard == ["start"])
    asked = stream.info

    def flushed_before_it_is_asked() -> StreamInfo:
        if not redis.client.exists(stream.key):
            return asked()
        monkeypatch.setattr(stream, "info", asked)
        redis.client.delete(stream.key)
        redis.client.xadd(stream.key, written(2), id="5-0")
        return asked()

    def written(number: int) -> dict[str, str]:
        return {"type": "config.restored", "data": f'{{"entries":{number}}}'}

    monkeypatch.setattr(stream, "info", flushed_before_it_is_asked)
    # Written by a clock that is far ahead.
    redis.client.xadd(stream.key, written(1), id="9999999999999-0")
    wait_until(lambda: "lost" in heard)
    redis.client.xadd(stream.key, written(3), id="6-0")
    wait_until(lambda: heard[-1] == 3)
    assert heard == ["start", 1, "lost", 3]
    assert ears.gaps[-1] == Gap("lost", "9999999999999-0")


class TestWithAServerOfItsOwn:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with start_valkey() as server:
            yield server

    @pytest.fixture
    def settings(self, server: Server) -> RedisSettings:
        return RedisSettings(url=server.url)

    def test_a_server_that_stood_still_is_followed_on_without_a_gap(
        self, server: Server, stream: EventStream, tailer: Tailer, ears: Ears
    ) -> None:
        stream.publish(restored(1))
        wait_until(lambda: ears.numbers == [1])
        with server.client() as outside:
            server.pause()
            wait_until(lambda: tailer.counts.losses == 1)
            assert (tailer.silent_for or 0) > 0.1
            server.resume()
            outside.xadd(stream.key, {"type": "config.restored", "data": '{"entries":2}'})
        wait_until(lambda: ears.numbers == [1, 2])
        assert [gap.reason for gap in ears.gaps] == ["start"]

    def test_a_server_that_came_back_empty_is_a_loss(
        self, server: Server, stream: EventStream, tailer: Tailer, ears: Ears
    ) -> None:
        stream.publish(restored(1))
        wait_until(lambda: ears.numbers == [1])
        server.restart()
        wait_until(lambda: len(ears.gaps) == 2)
        wait_until(lambda: stream.publish(restored(2)) is not None)
        wait_until(lambda: ears.numbers == [1, 2])
        assert ears.gaps[1].reason == "lost"

    def test_listening_may_begin_while_redis_is_away(
        self, server: Server, stream: EventStream, tailer: Tailer
    ) -> None:
        server.kill()
        heard = Ears()
        tailer.subscribe(heard.events.append, heard.gaps.append)
        wait_until(lambda: tailer.counts.losses == 1)
        server.start()
        wait_until(lambda: heard.gaps == [Gap("start", None)])
        wait_until(lambda: stream.publish(restored(1)) is not None)
        wait_until(lambda: heard.numbers == [1])
