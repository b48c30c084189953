"""Moments known ahead at which a user's permissions change by the passing of time alone."""

from yoto.permission.boundaries.watch import BoundaryWatch

__all__ = ["BoundaryWatch"]
