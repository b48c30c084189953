"""What a worker costs that nobody asks anything: processor, commands, statements, memory."""

from __future__ import annotations

from benchmarks.idle.report import main

__all__ = ["main"]
