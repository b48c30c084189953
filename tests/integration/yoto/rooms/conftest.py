"""Rooms that judge rights are tested as permissions are."""

from tests.integration.yoto.permission.conftest import clock, town

__all__ = ["clock", "town"]
