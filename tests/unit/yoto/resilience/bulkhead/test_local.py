from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from tests.support.waiting import wait_until
from yoto.resilience.bulkhead import partition_of
from yoto.resilience.bulkhead.local import LocalBulkhead
from yoto.resilience.settings import BulkheadStrategy, MultiDimensionalKey


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=80), st.integers(0, 4))
def test_holders_never_exceed_the_cap(steps: list[tuple[bool, int]], cap: int) -> None:
    bulkhead = LocalBulkhead()
    inside: set[str] = set()
    for comes, number in steps:
        name = str(number)
        if comes and name not in inside:
            if bulkhead.enter("", name, cap):
                inside.add(name)
        elif not comes:
            bulkhead.leave("", name)
            inside.discard(name)
        assert bulkhead.held() == len(inside) <= cap


def test_partitions_do_not_share_slots() -> None:
    bulkhead = LocalBulkhead()
    assert bulkhead.enter("user:1", "a", 1)
    assert bulkhead.enter("user:2", "b", 1)
    assert not bulkhead.enter("user:1", "c", 1)


def test_those_who_wait_go_in_by_the_order_of_their_coming() -> None:
    bulkhead, order = LocalBulkhead(), []
    bulkhead.enter("", "first", 1)

    def come(name: str) -> None:
        if bulkhead.enter("", name, 1, timeout=5):
            order.append(name)
            bulkhead.leave("", name)

    threads = []
    for name in "abc":
        threads.append(threading.Thread(target=come, args=(name,)))
        threads[-1].start()
        wait_until(lambda: bulkhead.waiting() == len(threads))
    assert not bulkhead.enter("", "pushing in", 2)
    bulkhead.leave("", "first")
    for thread in threads:
        thread.join()
    assert order == ["a", "b", "c"]


def test_waiting_ends_in_time_and_leaves_no_trace() -> None:
    bulkhead = LocalBulkhead()
    bulkhead.enter("", "a", 1)
    started = time.monotonic()
    assert not bulkhead.enter("", "b", 1, timeout=0.1)
    assert 0.1 <= time.monotonic() - started < 10
    assert bulkhead.waiting() == 0


def test_a_cap_of_nothing_refuses_at_once() -> None:
    assert not LocalBulkhead().enter("", "a", 0, timeout=30)


def test_a_strategy_says_who_shares_the_slots() -> None:
    key = MultiDimensionalKey(user_id=4, server_id=7)
    assert partition_of(BulkheadStrategy.NAME, key) == ""
    assert partition_of(BulkheadStrategy.USER, key) == "user:4"
    assert partition_of(BulkheadStrategy.SERVER, key) == "server:7"
    assert partition_of(BulkheadStrategy.REQUEST_TYPE, key, "GET") == "request:GET"
    assert partition_of(BulkheadStrategy.USER, None) == "user:"
