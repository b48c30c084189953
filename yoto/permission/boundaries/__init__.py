"""Moments known ahead at which a user's permissions change by the passing of time alone."""

from yoto.permission.boundaries.rows import Boundary
from yoto.permission.boundaries.watch import BoundarySettings, BoundaryWatch, SearchedUntil

__all__ = ["Boundary", "BoundarySettings", "BoundaryWatch", "SearchedUntil"]
