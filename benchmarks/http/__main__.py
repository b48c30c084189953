"""``python -m benchmarks.http``."""

from benchmarks.http import main

main()
