"""``python -m benchmarks.idle`` is ``python -m benchmarks idle``."""

from __future__ import annotations

from benchmarks.idle.report import main

main()
