from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import SERVER_7, entry, logged
from yoto.cache import Entry, Position, StoreSettings, place_key
from yoto.cache.coherence import Coherence
from yoto.cache.local import Slot, UserStore
from yoto.cache.tags import DirtySet


class World:
    """A coherence and its stores."""

    def __init__(self, size: int = 100) -> None:
        self.users = UserStore(StoreSettings(size, 900.0), 10)
        self.conditional = UserStore(StoreSettings(size, 600.0), 10)
        self.coherence = Coherence(self.users, self.conditional)

    def remember(self, one: Entry) -> bool:
        return self.coherence.remember(Slot(one.mask, 1e12, 1e12, one))


def test_an_event_drops_what_was_remembered_before_it() -> None:
    world = World()
    assert world.remember(entry(5, user_id=1))
    assert world.remember(entry(5, user_id=2))
    world.coherence.apply([logged(6, "user:1")])
    assert world.users.slot(1, 0) is None
    assert world.users.slot(2, 0) is not None


def test_what_is_only_to_be_forgotten_is_dropped_and_goes_on_being_believed() -> None:
    world = World()
    for user_id in (1, 2):
        world.remember(entry(5, user_id=user_id))
    world.coherence.apply([logged(6, "memory:user:1")])
    assert world.users.slot(1, 0) is None
    assert world.users.slot(2, 0) is not None
    assert world.remember(entry(5, user_id=1))
    assert world.coherence.floors == 0


def test_a_slow_reader_stores_nothing_that_an_event_contradicts() -> None:
    world = World()
    world.coherence.apply([logged(6, "user:1")])
    assert not world.remember(entry(5, user_id=1))
    assert world.users.slot(1, 0) is None
    assert world.remember(entry(6, user_id=1))


def test_events_of_one_read_each_raise_their_own_floor() -> None:
    world = World()
    world.coherence.apply([logged(6, "user:1"), logged(9, "user:2")])
    assert world.coherence.believes(entry(6, user_id=1))
    assert not world.coherence.believes(entry(8, user_id=2))


def test_a_flush_drops_everything_and_believes_nothing_older() -> None:
    world = World()
    world.remember(entry(5))
    world.remember(entry(5, valid_until=1e12))
    world.coherence.flush(Position(8))
    assert len(world.users) == len(world.conditional) == 0
    assert not world.coherence.believes(entry(7))
    assert world.coherence.believes(entry(8))


def test_forgetting_drops_everything_and_goes_on_believing() -> None:
    world = World()
    world.remember(entry(5))
    world.coherence.forget()
    assert len(world.users) == 0
    assert world.coherence.believes(entry(5))


def test_an_entry_is_in_one_store_only() -> None:
    world = World()
    world.remember(entry(5))
    world.remember(entry(6, valid_until=1e12))
    assert world.users.slot(1, 0) is None
    assert world.conditional.slot(1, 0) is not None
    world.remember(entry(7))
    assert world.users.slot(1, 0) is not None
    assert world.conditional.slot(1, 0) is None


def test_an_invalidation_that_is_not_in_the_log_yet_counts_at_once() -> None:
    world = World()
    world.remember(entry(5))
    world.coherence.invalidate(DirtySet(users={1}), Position(6))
    assert world.users.slot(1, 0) is None
    assert not world.remember(entry(5))


def test_a_scan_survives_look_ups_in_other_threads() -> None:
    world = World(2_000)
    for user_id in range(2_000):
        world.remember(entry(5, user_id=user_id, place=SERVER_7))
    done = threading.Event()

    def look_up() -> None:
        while not done.is_set():
            for user_id in range(0, 2_000, 7):
                world.users.slot(user_id, SERVER_7)
            time.sleep(0)

    threads = [threading.Thread(target=look_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(20):
        world.coherence.apply([logged(6 + number, "server:8")])
    done.set()
    for thread in threads:
        thread.join()
    assert not world.coherence.apply([logged(100, "server:7")])
    assert len(world.users) == 0


tags = st.sampled_from(["user:1", "user:2", "role:1", "server:1", "global", "policy"])
steps = st.lists(
    st.tuples(st.just("event"), st.lists(tags, min_size=1, max_size=2))
    | st.tuples(st.just("store"), st.tuples(st.integers(1, 2), st.integers(0, 3))),
    max_size=40,
)


@given(steps)
def test_a_slot_that_is_there_has_no_event_after_it(history: list[tuple[str, object]]) -> None:
    """A hit is never older than an applied event, whatever the position of the load."""
    world = World()
    last: dict[str, int] = {}
    now = 1
    for kind, what in history:
        if kind == "event":
            assert isinstance(what, list)
            now += 1
            world.coherence.apply([logged(now, *what)])
            last |= dict.fromkeys(what, now)
        else:
            assert isinstance(what, tuple)
            user_id, age = what
            one = entry(
                max(now - age, 1),
                user_id=user_id,
                place=place_key("server", 1),
                roles=frozenset({1}),
            )
            world.remember(one)
        for user_id in (1, 2):
            slot = world.users.slot(user_id, 2)
            if slot is not None:
                about = (f"user:{user_id}", "role:1", "server:1", "global")
                assert slot.entry.position >= max(last.get(word, 0) for word in about)
