"""Degradation: levels of features, who raises them, and what answers instead."""

from .board import Board, RaisedLevel
from .fallbacks import Fallback, Fallbacks, LastGood
from .manager import EVERY_FEATURE, Degradation, DegradationStatus
from .open_breakers import OpenBreakers

__all__ = [
    "EVERY_FEATURE",
    "Board",
    "Degradation",
    "DegradationStatus",
    "Fallback",
    "Fallbacks",
    "LastGood",
    "OpenBreakers",
    "RaisedLevel",
]
