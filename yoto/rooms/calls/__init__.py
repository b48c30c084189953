"""Calls out of the application: in time, again within a budget for the whole fleet, or twice."""

from __future__ import annotations

from .calling import calls
from .errors import TimedOut, TooManyThreads

__all__ = ["TimedOut", "TooManyThreads", "calls"]
