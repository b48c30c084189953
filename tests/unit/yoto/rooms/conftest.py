"""Rooms that judge rights are tested as permissions are."""

from tests.unit.yoto.permission.conftest import bare_app, context, system, uses

__all__ = ["bare_app", "context", "system", "uses"]
