"""Moments known ahead at which what somebody may do changes by the mere passing of time."""

from app.core.permission.boundaries.watch import BoundaryWatch

__all__ = ["BoundaryWatch"]
