"""The cost of a check: from memory, from Redis, from the database, in a batch, and by pycasbin.

``python -m benchmarks check [--grants N ...] [--json FILE]`` starts its own server and a SQLite
database, stores 10, 1,000 and 100,000 grants, gives pycasbin the same ones, and lets all take
turns. Each has a look-up in a plain dict beside it, which is the cheapest that an answer can be in
Python. It also compares a node with one node above it to one with seven (``depth``), and prints
how much code a check from memory runs through, which a maintainer must read.
"""

from __future__ import annotations


def main() -> None:
    """Hand over. Imported late: tests of the other modules need no peers."""
    from benchmarks.check.report import main

    main()
