"""Changes of permissions become platform events: at once, or together while somebody collects."""

from __future__ import annotations

import pytest

from yoto.cache import Position
from yoto.permission.outbox.notifying import MAX_SUBJECTS, ChangeNotifier, PermissionsChanged
from yoto.permission.outbox.rows import Event

published: list[PermissionsChanged] = []


@pytest.fixture
def notifier() -> ChangeNotifier:
    published.clear()
    return ChangeNotifier(published.append)


def at(sequence: int) -> Position:
    return Position.of(1_700_000_000_000, sequence)


def changes(*subjects: str) -> list[Event]:
    return [Event(number, subject) for number, subject in enumerate(subjects, 1)]


def test_a_change_is_told_at_once_where_nobody_collects(notifier: ChangeNotifier) -> None:
    notifier.note(changes("role:9"), at(1))
    assert published == [PermissionsChanged(subjects=["role:9"], count=1, position=str(at(1)))]


def test_what_is_collected_becomes_one_event_with_the_newest_position(
    notifier: ChangeNotifier,
) -> None:
    notifier.deferred = True
    notifier.note(changes("role:9", "user:4"), at(7))
    notifier.note(changes("user:4", "server:2"), at(6))
    assert published == []
    notifier.publish_noted()
    (event,) = published
    assert event.subjects == ["role:9", "user:4", "server:2"]
    assert (event.count, event.position, event.late) == (3, str(at(7)), False)


def test_nothing_is_told_twice_and_nothing_of_nothing(notifier: ChangeNotifier) -> None:
    notifier.note(changes("role:9"), at(1))
    notifier.publish_noted()
    assert len(published) == 1


def test_a_crowd_is_counted_and_not_listed(notifier: ChangeNotifier) -> None:
    notifier.note(changes(*(f"user:{number}" for number in range(100))), at(1))
    (event,) = published
    assert (len(event.subjects), event.count) == (MAX_SUBJECTS, 100)


def test_what_a_relay_brought_is_late_and_what_comes_after_it_is_not(
    notifier: ChangeNotifier,
) -> None:
    notifier.note(changes("role:9"), at(1), late=True)
    notifier.note(changes("role:9"), at(2))
    assert [event.late for event in published] == [True, False]
