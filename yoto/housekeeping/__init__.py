"""Background work: small tasks, again and again, by one clock and few threads a process."""

from __future__ import annotations

from .folded_line import FoldedLine
from .housekeeper import Housekeeper
from .pending import MOST_WAITING, Pending, contained

__all__ = [
    "MOST_WAITING",
    "FoldedLine",
    "Housekeeper",
    "Pending",
    "contained",
]
