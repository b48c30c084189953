"""Records of requests are worked up soon, and none of them is lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.support.together import together
from tests.support.waiting import wait_until
from yoto.housekeeping import MOST_WAITING
from yoto.housekeeping.clock import Clock
from yoto.housekeeping.pending import LOT
from yoto.request.records import RequestRecord, RequestRecords

NEVER = 3600.0  # s


def record(name: str = "one") -> RequestRecord:
    return RequestRecord(name, name, "GET", "/", None, None, None)


class Seen:
    """Work that remembers what it was given."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.lots: list[int] = []
        self.any = threading.Event()
        self.stored = threading.Event()

    def __call__(self, records: Sequence[RequestRecord]) -> None:
        self.names += [one.request_id for one in records]
        self.lots.append(len(records))
        self.any.set()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def make(seen: Seen) -> Iterator[Callable[[float], RequestRecords]]:
    made: list[RequestRecords] = []

    def make(delay: float) -> RequestRecords:
        made.append(RequestRecords((), delay))
        made[-1].follow(seen, seen.stored.set)
        return made[-1]

    yield make
    for one in made:
        one.close()


Make = Callable[[float], RequestRecords]


def test_a_record_is_worked_up_soon_and_stored(make: Make, seen: Seen) -> None:
    make(0.001).add(record())
    assert seen.any.wait(10) and seen.stored.wait(10)
    assert seen.names == ["one"]


def test_what_came_of_a_record_is_stored_also_where_a_reader_worked_it_up(
    make: Make, seen: Seen
) -> None:
    records = make(0.2)
    records.add(record())
    records.flush()
    assert seen.names == ["one"] and not seen.stored.is_set()
    assert seen.stored.wait(10)


def test_who_reads_sees_all_in_the_order_of_the_answers(make: Make, seen: Seen) -> None:
    records = make(NEVER)
    expected = [str(number) for number in range(2 * LOT + 3)]
    for name in expected:
        records.add(record(name))
    records.flush()
    assert seen.names == expected and max(seen.lots) == LOT


def test_the_end_loses_nothing_and_is_none_for_what_comes_later(make: Make, seen: Seen) -> None:
    records = make(NEVER)
    records.add(record("before"))
    records.close()
    assert seen.names == ["before"] and seen.stored.is_set()
    records.add(record("after"))
    records.close()
    assert seen.names == ["before", "after"]


def test_too_many_are_worked_up_by_those_who_bring_them(make: Make, seen: Seen) -> None:
    records = make(NEVER)
    for number in range(MOST_WAITING + 1):
        records.add(record(str(number)))
    assert len(seen.names) == MOST_WAITING + 1 and not seen.stored.is_set()


def test_many_writers_lose_nothing(make: Make, seen: Seen) -> None:
    records = make(0.001)

    def write(writer: int) -> Callable[[], None]:
        return lambda: [records.add(record(f"{writer}.{n}")) for n in range(500)] and None

    together([write(writer) for writer in range(8)])
    records.close()
    assert len(seen.names) == len(set(seen.names)) == 4_000


def test_work_that_fails_keeps_no_other_from_a_record(
    make: Make, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Sequence[RequestRecord]) -> None:
        raise RuntimeError("full")

    records = make(NEVER)
    records.work = (fail, seen)
    with caplog.at_level(logging.ERROR):
        records.add(record())
        records.flush()
    assert seen.names == ["one"] and len(caplog.records) == 1


def test_where_no_thread_is_left_who_brings_a_record_works_it_up(
    make: Make, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = make(NEVER)

    def none_left(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    clock = Clock()
    monkeypatch.setattr("yoto.housekeeping.housekeeper.the_clock", lambda: clock)
    with monkeypatch.context() as without:
        without.setattr("threading.Thread.start", none_left)
        records.add(record("one"))
        records.add(record("two"))
    assert seen.names == ["one", "two"] and seen.stored.is_set()


def test_what_comes_after_a_rest_is_worked_up_too(make: Make, seen: Seen) -> None:
    records = make(0.001)
    for name in ("first", "second", "third"):
        seen.stored.clear()
        records.add(record(name))
        assert seen.stored.wait(10)
        wait_until(lambda: records.resting)
    assert seen.names == ["first", "second", "third"]
