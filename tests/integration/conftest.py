"""Fixtures of the integration tests."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.world import World


@pytest.fixture
def world(app: Flask) -> World:
    """Makes rows in the database of ``app``."""
    return World(app)
