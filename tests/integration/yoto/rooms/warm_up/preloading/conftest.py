"""Two workers of one platform, and people who ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import cache, optimization
from tests.support.applications import another_app
from tests.support.world import Community, World
from yoto.cache import place_key, tags
from yoto.rooms.warm_up.extension import warming_of
from yoto.rooms.warm_up.preloading import Preloading

PEOPLE = 12
NOBODY = 10**6


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    # As fast as it goes: tests here show what is loaded, not how gently.
    return app_config | {"PRELOAD_SHARE": 1.0}


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def people(world: World, community: Community) -> list[int]:
    return world.members(community, PEOPLE)


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker of the same platform, with an empty memory."""
    with another_app(app_config, tmp_path / "other") as worker:
        cache.of(worker).start(30)
        yield worker


Note = Callable[..., None]


@pytest.fixture
def ask(app: Flask, community: Community) -> Note:
    """Notes that people asked in the first channel, or elsewhere, and tells Redis."""
    cache.of(app).start(30)

    def note(user_ids: list[int], scope: str = "channel", place: int | None = None) -> None:
        hot = optimization.of(app).hot
        for user_id in user_ids:
            hot.note(user_id, place_key(scope, place or community.channel_id))
        hot.flush()
        # No entry of recent writes is kept before this worker has read them in the log.
        assert cache.of(app).reached(cache.of(app).invalidate(tags.user(NOBODY)))

    return note


def preloading_of(app: Flask) -> Preloading:
    return warming_of(app).preloading


def preload(app: Flask) -> Any:
    """One run; its report."""
    with app.app_context():
        return preloading_of(app).run()
