"""The cost of an idle worker: processor, commands, statements, memory."""

from __future__ import annotations

from benchmarks.idle.report import main

__all__ = ["main"]
