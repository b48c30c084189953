"""Rollouts are tested as controllers are."""

from tests.unit.yoto.resilience.controller.conftest import journal, new_controller, server

__all__ = ["journal", "new_controller", "server"]
