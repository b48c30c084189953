"""``python -m benchmarks.staleness``."""

from benchmarks.staleness.report import main

main()
