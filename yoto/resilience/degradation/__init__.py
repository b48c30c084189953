"""Degradation: levels of features, their sources, and fallbacks."""

from .board import Board, RaisedLevel
from .fallbacks import DEFAULT_KEEP, Fallback, LastGood
from .manager import EVERY_FEATURE, Degradation, OpenBreakers

__all__ = [
    "DEFAULT_KEEP",
    "EVERY_FEATURE",
    "Board",
    "Degradation",
    "Fallback",
    "LastGood",
    "OpenBreakers",
    "RaisedLevel",
]
