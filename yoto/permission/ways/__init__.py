"""By which assignments, overwrites and powers somebody has a permission: ``input.via``."""

from yoto.permission.ways.deriving import KINDS, Told, Way, ways_of
from yoto.permission.ways.reading import AHEAD, Ways

__all__ = ["AHEAD", "KINDS", "Told", "Way", "Ways", "ways_of"]
