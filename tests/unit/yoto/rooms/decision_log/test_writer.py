"""The thread that stores rows: bounded, in batches, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from yoto.rooms.decision_log import writer as module
from yoto.rooms.decision_log.writer import BatchWriter, Row


def rows(number: int) -> list[Row]:
    return [{"n": n} for n in range(number)]


def test_close_stores_what_waits_and_a_later_row_starts_anew() -> None:
    stored: list[Row] = []
    writer = BatchWriter(stored.extend, "test")
    for row in rows(3):
        writer.put(row)
    writer.close()
    assert (stored, writer.stored, writer.waiting) == (rows(3), 3, 0)
    writer.put({"n": 9})
    writer.close()
    assert stored[-1] == {"n": 9}


def test_nothing_starts_before_the_first_row() -> None:
    before = threading.active_count()
    writer = BatchWriter(lambda found: None, "test")
    assert threading.active_count() == before
    writer.close()


def test_rows_are_stored_in_batches() -> None:
    batches: list[int] = []
    writer = BatchWriter(lambda found: batches.append(len(found)), "test")
    for row in rows(module.BATCH_SIZE + 1):
        writer.put(row)
    writer.close()
    assert sum(batches) == module.BATCH_SIZE + 1
    assert max(batches) <= module.BATCH_SIZE and len(batches) <= 3


def test_rows_that_find_the_queue_full_are_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "QUEUE_SIZE", 5)
    entered, leave, stored = threading.Event(), threading.Event(), []

    def store(found: Sequence[Row]) -> None:
        entered.set()
        leave.wait(30)
        stored.extend(found)

    monkeypatch.setattr(module, "BATCH_SECONDS", 0.0)
    writer = BatchWriter(store, "test")
    writer.put({"n": 0})
    assert entered.wait(30)
    for row in rows(8):
        writer.put(row)
    assert (writer.dropped, writer.waiting) == (3, 5)
    leave.set()
    writer.close()
    assert len(stored) == 6


def test_rows_that_cannot_be_stored_are_dropped_and_the_thread_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.0)
    turns: list[int] = []
    second: Callable[[], None] = threading.Event().set

    def store(found: Sequence[Row]) -> None:
        turns.append(len(found))
        if len(turns) == 1:
            raise OSError("no database")
        second()

    writer = BatchWriter(store, "test")
    writer.put({"n": 0})
    writer.close()
    writer.put({"n": 1})
    writer.close()
    assert (turns, writer.dropped, writer.stored) == ([1, 1], 1, 1)
    assert "could not be stored" in caplog.text


def test_a_bad_row_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    stored: list[Row] = []

    def store(found: Sequence[Row]) -> None:
        if any(row["n"] in (3, 7) for row in found):
            raise ValueError("a row that no table takes")
        stored.extend(found)

    writer = BatchWriter(store, "test")
    for row in rows(20):
        writer.put(row)
    writer.close()
    assert [row["n"] for row in stored] == [n for n in range(20) if n not in (3, 7)]
    assert (writer.stored, writer.dropped) == (18, 2)
    assert "2 rows could not be stored" in caplog.text


def test_a_batch_is_taken_apart_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    turns: list[int] = []

    def store(found: Sequence[Row]) -> None:
        turns.append(len(found))
        raise OSError("no database")

    writer = BatchWriter(store, "test")
    for row in rows(8):
        writer.put(row)
    writer.close()
    assert sum(turns) == writer.dropped == 8 and writer.stored == 0
