"""The tuning loop in a real application: a memory that is too small is found, and made larger."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import cache, events, monitor, permissions, resilience
from tests.support.applications import another_app
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import ValidationFailed
from yoto.resilience import FLEET, Kind
from yoto.rooms.tuner.suggestion import Suggestion
from yoto.rooms.tuner.tuner import Tuner
from yoto.rooms.tuner.wiring import tuner_of

SMALL, PEOPLE, WINDOW = 20, 30, 10
ID = f"cache_users_size={2 * SMALL}"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {
        **app_config,
        "CACHE_USERS_SIZE": SMALL,
        "MONITOR_BACKEND": "memory",
        "TUNING_WINDOW": float(WINDOW),
    }


class Load:
    """Everybody asks once in each second of a clock that only this load moves."""

    def __init__(self, app: Flask, world: World) -> None:
        self._app = app
        self._monitoring = monitor.of(app)
        self.now = time.time()
        self._monitoring.backend.now = lambda: self.now  # type: ignore[method-assign]
        self._community = world.server()
        self._members = world.members(self._community, PEOPLE)
        cache.of(app).start()
        self._monitoring.flush()

    def run(self, seconds: int) -> float:
        """Ask for so many seconds; the hit rate of memory meanwhile."""
        before = cache.of(self._app).stats().counts
        for _ in range(seconds):
            with self._app.app_context():
                for user_id in self._members:
                    permissions.check_permission(
                        user_id, "channel.read", "server", self._community.id
                    )
            self._monitoring.flush()
            self.now += 1
        after = cache.of(self._app).stats().counts
        hits, misses = (after[name] - before[name] for name in ("l1_hits", "l1_misses"))
        return hits / (hits + misses)


@pytest.fixture
def load(app: Flask, world: World) -> Load:
    return Load(app, world)


@pytest.fixture
def tuner(app: Flask) -> Tuner:
    return tuner_of(app)


def size_in(app: Flask) -> int:
    return cache.of(app).stats().capacities["users"]


def reverted(app: Flask) -> tuple[str, ...]:
    """The changes that are never tried again."""
    entry = resilience.of(app).config.get(Kind.TUNING, FLEET)
    return entry.config.to_mapping()["reverted"]  # type: ignore[no-any-return]


def told(app: Flask) -> list[str]:
    """The stream's events of tuning."""
    found = events.of(app).stream.read()
    return [one.event.type for one in found if one.event.type.startswith("tuning.")]


def run(app: Flask, *arguments: str, code: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=["suggestions", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_memory_that_is_too_small_is_found_and_made_larger_everywhere(
    app: Flask, app_config: dict[str, Any], load: Load, tuner: Tuner, tmp_path: Path
) -> None:
    assert run(app, "list") == "Nothing is suggested.\n"
    before = load.run(WINDOW)
    with app.app_context():
        (found,) = permissions.tuner.suggestions()
    assert (found.id, found.now) == (ID, SMALL)
    assert ID in run(app, "list") and found.why in run(app, "list")
    refused = run(app, "apply", "cache_users_size=999", "--reason", "more", code=1)
    assert "is not suggested" in refused and size_in(app) == SMALL

    with another_app(app_config, tmp_path / "other") as other:
        resilience.of(other).start()
        assert size_in(other) == SMALL
        assert f"cache_users_size is {2 * SMALL}" in run(app, "apply", ID, "--reason", "misses")
        assert size_in(app) == 2 * SMALL
        wait_until(lambda: size_in(other) == 2 * SMALL)
    assert run(app, "list").startswith(f"{ID} is being observed")
    with pytest.raises(ValidationFailed, match="one at a time"):
        tuner.apply(ID, author="ada", reason="again")

    tuner.turn()
    assert tuner.trial() is not None
    load.run(2)
    after = load.run(WINDOW)
    print(f"hit rate of memory: {before:.3f} before, {after:.3f} after")
    assert before < 0.1 and after > 0.9
    tuner.turn()
    assert tuner.trial() is None and size_in(app) == 2 * SMALL
    assert told(app) == ["tuning.applied", "tuning.kept"]
    applied, kept = reversed(resilience.of(app).config.history(Kind.TUNING, FLEET))
    assert (applied.reason, kept.author) == ("misses", "tuner")


def test_what_does_harm_is_taken_back_and_never_tried_again(
    app: Flask, load: Load, tuner: Tuner
) -> None:
    cache.of(app).retune(users=replace(cache.of(app).settings.users, size=2 * PEOPLE))
    load.run(WINDOW)
    bad = Suggestion("cache_users_size", 2 * PEOPLE, 5, "a whim", "none", 0.99, "l1_hit_rate")
    tuner._begin(bad, tuner._entry(), "ada", bad.why)
    assert size_in(app) == 5
    load.run(WINDOW + 2)
    tuner.turn()
    # Back to what is configured: the tuner had set nothing before.
    assert size_in(app) == SMALL and tuner.trial() is None
    assert told(app) == ["tuning.applied", "tuning.reverted"]
    assert reverted(app) == (bad.id,)


def test_nothing_is_followed_before_an_operator_asks_and_what_an_operator_sets_ends_a_trial(
    app: Flask, load: Load, tuner: Tuner
) -> None:
    load.run(WINDOW)
    assert [one.id for one in tuner.suggestions()] == [ID]
    tuner.turn()
    assert size_in(app) == SMALL and tuner.trial() is None
    tuner.apply(ID, author="ada", reason="misses")
    assert size_in(app) == 2 * SMALL

    config = resilience.of(app).config
    config.set(Kind.TUNING, FLEET, {"cache_users_size": 25}, author="ada", reason="I know")
    assert size_in(app) == 25
    tuner.turn()
    assert tuner.trial() is None and size_in(app) == 25
    assert told(app) == ["tuning.applied", "tuning.reverted"]
    load.now = time.time() + 60
    load.run(WINDOW)
    assert tuner.suggestions() == []


def test_what_is_dismissed_is_not_suggested_again(app: Flask, load: Load, tuner: Tuner) -> None:
    load.run(WINDOW)
    assert "not suggested any more" in run(app, "dismiss", ID, "--reason", "no memory to spare")
    assert tuner.suggestions() == []


def test_the_parts_say_how_they_are(app: Flask) -> None:
    with app.app_context():
        stats = permissions.get_system_stats()
    assert stats["cache"]["capacities"]["users"] == SMALL
    assert stats["log"]["applied"] and stats["outbox"]["published"] == 0
    assert stats["records"] is stats["warm_up"] is stats["maintenance"] is None
