"""``python -m benchmarks.forecast``."""

from benchmarks.forecast.report import main

main()
