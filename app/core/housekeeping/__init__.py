"""Background work: small tasks, again and again, by one clock and few threads a process."""

from __future__ import annotations

from .keeper import Housekeeper, Task
from .pending import LOT, MOST_WAITING, Pending, contained

__all__ = ["LOT", "MOST_WAITING", "Housekeeper", "Pending", "Task", "contained"]
