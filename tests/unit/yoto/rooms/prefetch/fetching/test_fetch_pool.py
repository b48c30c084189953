"""Threads that load: so many, none waits behind a busy one, and they may start again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.support.waiting import wait_until
from yoto.rooms.prefetch.fetching import FetchPool


@pytest.fixture
def lanes() -> Iterator[FetchPool]:
    made = FetchPool(2)
    yield made
    made.close()


def test_a_load_that_hangs_takes_one_thread_and_no_more(lanes: FetchPool) -> None:
    hanging, done = threading.Event(), threading.Event()
    assert lanes.submit(lambda: hanging.wait(10) and None)
    assert lanes.submit(done.set)
    assert done.wait(60)
    wait_until(lambda: lanes.free == 1)
    hanging.set()
    wait_until(lambda: lanes.free == 2)


def test_with_all_of_them_busy_work_is_refused(lanes: FetchPool) -> None:
    release = threading.Event()
    for _ in range(2):
        assert lanes.submit(lambda: release.wait(10) and None)
    assert not lanes.submit(lambda: None)
    release.set()
    wait_until(lambda: lanes.free == 2)
    assert lanes.submit(lambda: None)


def test_they_end_and_start_again(lanes: FetchPool) -> None:
    done = threading.Event()
    lanes.submit(lambda: None)
    wait_until(lambda: lanes.free == 2)
    lanes.close()
    assert lanes.submit(done.set)
    assert done.wait(60)
