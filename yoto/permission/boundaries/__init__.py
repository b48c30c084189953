"""Moments known ahead at which what somebody may do changes by the mere passing of time."""

from yoto.permission.boundaries.watch import BoundaryWatch

__all__ = ["BoundaryWatch"]
