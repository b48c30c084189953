"""``python -m benchmarks.control_sockets``."""

from benchmarks.control_sockets.report import main

main()
