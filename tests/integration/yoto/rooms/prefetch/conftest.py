"""Operators steer it from a browser."""

from tests.integration.yoto.control_plane.conftest import browser, operator

__all__ = ["browser", "operator"]
