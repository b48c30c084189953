"""The cost to a request: counting in the memory of its process."""

from __future__ import annotations

import threading

from yoto.rooms.warm_up.hot.gathering import Gathering


def test_requests_are_counted_by_user_and_place() -> None:
    gathering = Gathering(10)
    for user_id, place in ((1, 7), (1, 7), (1, 9), (2, 7)):
        gathering.note(user_id, place)
    assert len(gathering) == 3
    assert gathering.take() == {(1, 7): 2, (1, 9): 1, (2, 7): 1}
    assert gathering.take() == {}


def test_memory_is_bounded_and_what_is_not_counted_is_told() -> None:
    gathering = Gathering(2)
    for user_id in (1, 2, 3, 1, 4):
        gathering.note(user_id, 0)
    assert gathering.take() == {(1, 0): 2, (2, 0): 1}
    assert gathering.dropped == 2


def test_one_user_can_be_forgotten() -> None:
    gathering = Gathering(10)
    gathering.note(1, 7)
    gathering.note(2, 7)
    gathering.forget(1)
    assert gathering.take() == {(2, 7): 1}


def test_taking_while_others_count_raises_nothing_and_loses_next_to_nothing() -> None:
    gathering = Gathering(100_000)
    over = threading.Event()

    def count() -> None:
        for number in range(20_000):
            gathering.note(number, 0)
        over.set()

    thread = threading.Thread(target=count)
    thread.start()
    taken = 0
    while not over.is_set():
        taken += sum(gathering.take().values())
    thread.join()
    taken += sum(gathering.take().values())
    assert 19_000 <= taken <= 20_000
