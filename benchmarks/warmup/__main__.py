"""``python -m benchmarks.warmup``."""

from benchmarks.warmup.report import main

main()
