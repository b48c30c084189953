"""Rooms that judge rights are tested as permissions are."""

from tests.unit.yoto.permission.conftest import bare_app, context

__all__ = ["bare_app", "context"]
