"""How soon, and how surely, sockets of the control plane hear of events."""

from benchmarks.control_sockets.report import main

__all__ = ["main"]
