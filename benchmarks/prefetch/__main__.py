"""``python -m benchmarks.prefetch``."""

from benchmarks.prefetch import main

main()
