from __future__ import annotations

from collections.abc import Sequence

from tests.unit.yoto.cache.builders import logged
from yoto.cache import Position
from yoto.cache.listeners import Listeners

NOW = Position(9)


class Ear:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[tuple[str, ...], int]] = []

    def __call__(self, tags: Sequence[str], position: Position) -> None:
        self.heard.append((tuple(tags), int(position)))


def started() -> tuple[Listeners, Ear]:
    """Listeners that were told of the start, and one that was not yet there."""
    listeners, ear = Listeners(), Ear()
    listeners.notify([], True, Position(1))
    listeners.add(ear)
    return listeners, ear


def test_the_history_is_told_as_one_event_that_touches_everything() -> None:
    listeners, ear = Listeners(), Ear()
    listeners.add(ear)
    listeners.notify([logged(1, "user:1")], False, Position(1))
    assert ear.heard == []
    listeners.notify([logged(2, "user:2")], True, Position(2))
    assert ear.heard == [(("global",), 2)]


def test_each_entry_is_told_then() -> None:
    listeners, ear = started()
    listeners.notify([logged(2, "user:1", "role:2"), logged(3, "policy")], True, NOW)
    assert ear.heard == [(("user:1", "role:2"), 2), (("policy",), 3)]


def test_what_is_only_to_be_forgotten_is_not_told() -> None:
    listeners, ear = started()
    listeners.notify([logged(2, "memory:user:1"), logged(3, "memory:user:1", "role:2")], True, NOW)
    assert ear.heard == [(("role:2",), 3)]


def test_a_gap_is_told_like_a_start() -> None:
    listeners, ear = started()
    listeners.expect_anything()
    listeners.notify([logged(8, "user:1")], False, Position(8))
    listeners.notify([], True, NOW)
    listeners.notify([logged(10, "user:2")], True, Position(10))
    assert ear.heard == [(("global",), 9), (("user:2",), 10)]


def test_a_listener_that_fails_changes_nothing_for_the_others() -> None:
    listeners, ear = Listeners(), Ear()

    def fail(tags: Sequence[str], position: Position) -> None:
        raise ZeroDivisionError

    listeners.add(fail)
    listeners.add(ear)
    listeners.notify([], True, NOW)
    assert ear.heard == [(("global",), 9)]
    assert listeners.failures == 1


def test_a_subscription_ends() -> None:
    listeners, ear = started()
    other = Ear()
    end = listeners.add(other)
    end()
    end()
    listeners.notify([logged(2, "user:1")], True, NOW)
    assert (len(ear.heard), other.heard) == (1, [])
