"""Calls out of the application: in time, again within a budget for the whole fleet, or twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

if TYPE_CHECKING:
    from .calling import calls as calls
    from .errors import TimedOut as TimedOut
    from .errors import TooManyThreads as TooManyThreads
else:
    _HOMES = {"TimedOut": ".errors", "TooManyThreads": ".errors", "calls": ".calling"}
    __all__ = sorted(_HOMES)
    __getattr__ = exports(__name__, _HOMES)
