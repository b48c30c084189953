"""The assignments, overwrites and powers by which a user has a permission: ``input.via``."""

from yoto.permission.ways.deriving import Way
from yoto.permission.ways.reading import AHEAD, Ways

__all__ = [
    "AHEAD",
    "Way",
    "Ways",
]
