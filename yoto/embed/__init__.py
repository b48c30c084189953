"""Yoto in an application of somebody else's: one line wires it."""

from .extension import Yoto

__all__ = ["Yoto"]
