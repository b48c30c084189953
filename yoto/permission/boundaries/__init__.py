"""Moments known ahead at which a user's permissions change by the passing of time alone."""

from yoto.permission.boundaries.rows import Boundary
from yoto.permission.boundaries.settings import BoundarySettings
from yoto.permission.boundaries.watch import BoundaryWatch
from yoto.permission.boundaries.window import SearchedUntil

__all__ = ["Boundary", "BoundarySettings", "BoundaryWatch", "SearchedUntil"]
