from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from tests.support.waiting import wait_until
from yoto.resilience.leases import Heartbeat, Slot
from yoto.resilience.process import _Process


class Counting:
    """A bulkhead whose leases can be renewed, or not."""

    def __init__(self) -> None:
        self.now = 0.0
        self.beats: list[list[str]] = []

    def clock(self) -> float:
        return self.now

    def renew(self, slots: Sequence[Slot]) -> None:
        self.beats.append([slot.id for slot in slots])
        for slot in slots:
            slot.renewed_at = self.now

    def slot(self, name: str, lease: float = 9.0) -> Slot:
        return Slot(lambda slot: True, self.clock, name, "", lease, False, self.now)


def test_a_beat_renews_what_is_due_in_one_go() -> None:
    owner = Counting()
    heartbeat = Heartbeat(owner.clock)
    for name in "ab":
        heartbeat.add(owner.slot(name), owner)
    heartbeat.beat()
    owner.now = 3.0
    heartbeat.add(owner.slot("c"), owner)
    heartbeat.beat()
    assert owner.beats == [["a", "b"]]


def test_one_thread_renews_all_slots_and_ends_without_any() -> None:
    heartbeat, owner = Heartbeat(), Counting()
    slots = [
        Slot(lambda slot: True, time.monotonic, name, "", 0.15, False, time.monotonic())
        for name in "abc"
    ]
    owner.clock = time.monotonic  # type: ignore[method-assign]
    before = threading.active_count()
    for slot in slots:
        heartbeat.add(slot, owner)
    assert threading.active_count() == before + 1

    def renew(due: Sequence[Slot]) -> None:
        owner.beats.append([slot.id for slot in due])
        for slot in due:
            slot.renewed_at = time.monotonic()

    owner.renew = renew  # type: ignore[method-assign]
    wait_until(lambda: len(owner.beats) >= 2)
    assert not any(slot.lost for slot in slots)
    for slot in slots:
        heartbeat.remove(slot)
    wait_until(lambda: not heartbeat.running)
    heartbeat.add(slots[0], owner)
    assert heartbeat.running
    heartbeat.remove(slots[0])


def test_a_renewal_that_raises_does_not_end_the_heartbeat(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing:
        calls = 0

        def renew(self, slots: Sequence[Slot]) -> None:
            self.calls += 1
            raise RuntimeError("no")

    heartbeat, owner, failing = Heartbeat(), Counting(), Failing()
    slot = owner.slot("a", lease=0.0)
    heartbeat.add(slot, failing)
    wait_until(lambda: failing.calls >= 2)
    heartbeat.remove(slot)
    assert "a heartbeat failed" in caplog.text


def test_a_child_process_has_none_of_its_parents_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat, owner = Heartbeat(), Counting()
    heartbeat.add(owner.slot("parent"), owner)
    monkeypatch.setattr(_Process, "pid", -1)
    heartbeat.add(owner.slot("child"), owner)
    assert len(heartbeat) == 1


def test_a_slot_whose_lease_ended_unrenewed_is_lost_for_good() -> None:
    owner = Counting()
    slot = owner.slot("a", lease=1.0)
    owner.now = 0.9
    assert not slot.lost
    owner.now = 1.0
    assert slot.lost
    slot.renewed_at = owner.now
    assert slot.lost


def test_a_slot_is_given_back_once() -> None:
    given: list[str] = []
    slot = Slot(lambda s: not given.append(s.id), Counting().clock, "a", "", 1.0, False, 0.0)
    with slot:
        assert not slot.released
    assert slot.released
    assert slot.release() is False
    assert given == ["a"]
