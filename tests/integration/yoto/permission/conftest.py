"""Permissions on a real database, with a clock that the test can set."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town, build_town
from tests.support.world import World


@dataclass
class Clock:
    """Stands still at ``now`` (epoch seconds), or runs while that is None."""

    now: float | None = None

    def __call__(self) -> float:
        return time.time() if self.now is None else self.now


@pytest.fixture
def clock(app: Flask) -> Clock:
    """The clock of the permission system of ``app``."""
    found = Clock()
    permissions.init_app(app, clock=found)
    return found


@pytest.fixture
def town(world: World) -> Town:
    """A server with three ranks, and an actor in the middle."""
    return build_town(world)
