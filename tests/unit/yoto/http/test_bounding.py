"""How many requests are at work, and which of those that wait comes next."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.waiting import wait_until
from yoto.http.bounding import RequestBound, most_at_work


class Requests:
    """Requests in threads of their own, which a test ends one by one."""

    def __init__(self, bound: RequestBound) -> None:
        self.bound = bound
        self.inside: list[str] = []
        self.refused: list[str] = []
        self._ends: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, name: str) -> None:
        self._ends[name] = threading.Event()
        thread = threading.Thread(target=self._run, args=(name,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def end(self, name: str) -> None:
        self._ends[name].set()

    def end_all(self) -> None:
        for ends in self._ends.values():
            ends.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        wait_until(condition)

    def _run(self, name: str) -> None:
        if not self.bound.enter():
            self.refused.append(name)
            return
        self.inside.append(name)
        self._ends[name].wait(60)
        self.inside.remove(name)
        self.bound.leave()


def waiting(bound: RequestBound) -> int:
    return len(bound._waiting)


def test_the_newest_that_waits_is_served_first() -> None:
    requests = Requests(RequestBound(2, patience=60))
    try:
        for name in ("a", "b"):
            requests.begin(name)
        requests.wait_until(lambda: len(requests.inside) == 2)
        for number, name in enumerate(("older", "newer"), 1):
            requests.begin(name)
            requests.wait_until(lambda number=number: waiting(requests.bound) == number)
        requests.end("a")
        requests.wait_until(lambda: "newer" in requests.inside)
        assert "older" not in requests.inside
        requests.end("b")
        requests.wait_until(lambda: "older" in requests.inside)
    finally:
        requests.end_all()
    assert requests.refused == []


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    refused: list[bool] = []
    requests = Requests(RequestBound(1, lambda: refused.append(True), patience=60))
    try:
        requests.begin("works")
        requests.wait_until(lambda: requests.inside == ["works"])
        requests.begin("waits")
        requests.wait_until(lambda: waiting(requests.bound) == 1)
        assert not requests.bound.enter()
        assert refused == [True]
    finally:
        requests.end_all()


def test_a_wait_ends_in_a_refusal_and_leaves_no_place_taken() -> None:
    bound = RequestBound(1, patience=0.01)
    assert bound.enter()
    assert not bound.enter()
    assert waiting(bound) == 0
    bound.leave()
    assert bound.enter()


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 4))
def test_never_more_are_at_work_than_the_bound_and_none_is_lost(
    steps: list[bool], most: int
) -> None:
    bound, at_work = RequestBound(most, patience=0), 0
    for enters in steps:
        if enters:
            admitted = bound.enter()
            assert admitted == (at_work < most)
            at_work += admitted
        elif at_work:
            bound.leave()
            at_work -= 1


@pytest.mark.parametrize(("given_", "expected"), [(0, 30), (7, 7)])
def test_by_default_it_is_twice_the_connections_to_the_database(given_: int, expected: int) -> None:
    assert most_at_work({"REQUESTS_AT_WORK": given_, "DATABASE_POOL_SIZE": 5}) == expected
