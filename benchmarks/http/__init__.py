"""The cost of a whole request, through real servers: a bare view, peers, and Yoto's own ways.

``python -m benchmarks http`` asks the same JSON view of each server by ``wrk`` over eight
connections that are kept alive, in rounds that take turns, and prints requests a second and the
ratio to the bare view of the same run. ``--profile ROW`` shows instead where the time of one row
goes, without a server around it.
"""

from __future__ import annotations


def main() -> None:
    """Hand over. Imported late: a worker of this package patches the standard library first."""
    from benchmarks.http.report import main

    main()
