"""The gain and the cost of prefetching, on navigation with habits and on navigation without.

``python -m benchmarks.prefetch [--requests N] [--json FILE]`` starts its own server and replays
each trace twice on the real cache with the same bounded memory: without prefetching, and with it.
"""

from benchmarks.prefetch.report import main

__all__ = ["main"]
