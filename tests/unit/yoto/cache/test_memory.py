from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.yoto.cache.builders import SERVER_7, entry
from yoto.cache import CacheCounts, CacheSettings, Entry, Lookup, StoreSettings
from yoto.cache import memory as module
from yoto.cache.memory import Memory


class Clock:
    """Both clocks of the module, set by hand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.monotonic = 1_000.0
        self.wall = 50_000.0
        patch.setattr(module, "monotonic", lambda: self.monotonic)
        patch.setattr(module, "time", lambda: self.wall)

    def advance(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def tailer() -> Any:
    """Something that has heard of Redis for ever."""
    return SimpleNamespace(fresh_until=1e12)


@pytest.fixture
def counts() -> CacheCounts:
    return CacheCounts()


@pytest.fixture
def memory(clock: Clock) -> Memory:
    return Memory(CacheSettings())


@pytest.fixture
def lookup(memory: Memory, tailer: Any, counts: CacheCounts) -> Lookup:
    return Lookup(memory, tailer, counts)


def mask(lookup: Lookup, user_id: int, place: int) -> int | None:
    slot = lookup.slot(user_id, place)
    return None if slot is None else slot.mask


def loaded_now(clock: Clock, **fields: Any) -> Entry:
    return entry(loaded_at=clock.wall, **fields)


def test_peeking_counts_nothing_and_sees_both_kinds_until_their_end(
    lookup: Lookup, memory: Memory, clock: Clock, counts: CacheCounts
) -> None:
    plain = loaded_now(clock, place=SERVER_7)
    ending = loaded_now(clock, user_id=2, place=SERVER_7, valid_until=clock.wall + 10)
    for one in (plain, ending):
        memory.remember(one)
        slot = lookup.peek(one.user_id, SERVER_7)
        assert slot is not None and slot.entry is one
    assert lookup.peek(3, SERVER_7) is None
    clock.advance(11)
    assert lookup.peek(2, SERVER_7) is None
    assert counts == CacheCounts()


def test_peeking_does_not_keep_anybody_in_memory(clock: Clock, tailer: Any) -> None:
    memory = Memory(CacheSettings(users=StoreSettings(2, 900.0)))
    lookup = Lookup(memory, tailer, CacheCounts())
    for user_id in (1, 2):
        memory.remember(loaded_now(clock, user_id=user_id, place=SERVER_7))
    lookup.peek(1, SERVER_7)
    memory.remember(loaded_now(clock, user_id=3, place=SERVER_7))
    assert lookup.peek(1, SERVER_7) is None and lookup.peek(2, SERVER_7) is not None


def test_what_is_remembered_is_found(lookup: Lookup, memory: Memory, clock: Clock) -> None:
    memory.remember(loaded_now(clock, place=SERVER_7, mask=0b11))
    assert mask(lookup, 1, SERVER_7) == 0b11
    assert lookup.slot(1, SERVER_7 + 2) is None
    assert lookup.slot(2, SERVER_7) is None


def test_an_empty_mask_is_an_answer(lookup: Lookup, memory: Memory, clock: Clock) -> None:
    memory.remember(loaded_now(clock, mask=0))
    memory.remember(loaded_now(clock, user_id=2, mask=0, valid_until=clock.wall + 60))
    assert mask(lookup, 1, 0) == 0
    assert mask(lookup, 2, 0) == 0


def test_memory_is_silent_as_soon_as_the_log_is(
    lookup: Lookup, memory: Memory, clock: Clock, tailer: Any
) -> None:
    memory.remember(loaded_now(clock))
    memory.remember(loaded_now(clock, user_id=2, valid_until=clock.wall + 60))
    tailer.fresh_until = clock.monotonic + 2
    clock.advance(1.99)
    assert lookup.slot(1, 0) is not None
    assert lookup.slot(2, 0) is not None
    assert set(lookup.masks([1, 2], 0)[0]) == {1, 2}
    clock.advance(0.01)
    assert lookup.slot(1, 0) is None
    assert lookup.slot(2, 0) is None
    assert lookup.masks([1, 2], 0) == ({}, [1, 2])


def test_an_entry_is_used_without_a_second_thought_until_its_soft_end(
    lookup: Lookup, memory: Memory, clock: Clock
) -> None:
    memory.remember(loaded_now(clock))
    clock.advance(719)
    assert lookup.slot(1, 0) is not None
    clock.advance(2)
    assert lookup.slot(1, 0) is None
    assert memory.slot(1, 0) is not None
    clock.advance(180)
    assert memory.slot(1, 0) is None


def test_the_first_tier_ends_with_the_second(memory: Memory, clock: Clock) -> None:
    # Read from Redis when it had ten seconds left.
    memory.remember(entry(loaded_at=clock.wall - 890))
    clock.advance(9)
    assert memory.slot(1, 0) is not None
    clock.advance(1)
    assert memory.slot(1, 0) is None


def test_a_host_with_a_fast_clock_does_not_prolong_an_entry(memory: Memory, clock: Clock) -> None:
    memory.remember(entry(loaded_at=clock.wall + 5_000))
    clock.advance(900)
    assert memory.slot(1, 0) is None


def test_an_entry_ends_at_its_boundary(lookup: Lookup, memory: Memory, clock: Clock) -> None:
    memory.remember(loaded_now(clock, valid_until=clock.wall + 30))
    clock.advance(29.9)
    assert lookup.slot(1, 0) is not None
    clock.advance(0.1)
    assert lookup.slot(1, 0) is None
    assert memory.slot(1, 0) is None


def test_a_wall_clock_that_is_set_forward_ends_it_too(
    lookup: Lookup, memory: Memory, clock: Clock
) -> None:
    memory.remember(loaded_now(clock, valid_until=clock.wall + 30))
    clock.wall += 31
    assert lookup.slot(1, 0) is None
    assert lookup.masks([1], 0) == ({}, [1])
    assert memory.slot(1, 0) is None


def test_many_masks_come_with_the_users_that_are_missing(
    lookup: Lookup, memory: Memory, clock: Clock, counts: CacheCounts
) -> None:
    for user_id in (1, 2):
        memory.remember(loaded_now(clock, user_id=user_id, mask=user_id))
    memory.remember(loaded_now(clock, user_id=3, mask=3, valid_until=clock.wall + 60))
    assert lookup.masks([1, 2, 3, 4], 0) == ({1: 1, 2: 2, 3: 3}, [4])


def test_hits_are_counted(
    lookup: Lookup, memory: Memory, clock: Clock, counts: CacheCounts
) -> None:
    memory.remember(loaded_now(clock))
    memory.remember(loaded_now(clock, user_id=2, valid_until=clock.wall + 60))
    lookup.slot(1, 0)
    lookup.slot(2, 0)
    lookup.slot(3, 0)
    assert counts.l1_hits == 2
    lookup.masks([1, 2, 3], 0)
    assert counts.l1_hits == 4


def test_new_sizes_hold_at_once_and_new_lives_for_what_comes(clock: Clock) -> None:
    memory = Memory(CacheSettings(users=StoreSettings(4, 900.0), soft_share=1))
    find = memory.users.find
    for user_id in range(4):
        assert memory.remember(entry(user_id=user_id, loaded_at=clock.wall))
    memory.retune(CacheSettings(users=StoreSettings(2, 60.0), soft_share=1))
    assert memory.users.find is find and len(memory.users) == 2
    assert memory.remember(entry(user_id=9, loaded_at=clock.wall))
    clock.advance(61)
    assert memory.slot(9, 0) is None
    assert memory.slot(3, 0) is not None
