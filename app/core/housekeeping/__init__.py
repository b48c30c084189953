"""Background work: small tasks, again and again, by one clock and few threads a process."""

from __future__ import annotations

from .keeper import Housekeeper, Task

__all__ = ["Housekeeper", "Task"]
