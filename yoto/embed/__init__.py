"""Yoto embedded in another application: one line wires it."""

from .extension import Yoto

__all__ = ["Yoto"]
