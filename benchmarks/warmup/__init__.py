"""The value of a warm-up to a worker that starts with an empty memory.

``python -m benchmarks.warmup [--seconds N] [--rate N] [--trace FILE] [--json FILE]`` builds a
database of some thousands of people, records a trace of requests (see ``trace``), plays its first
part to one worker, and then its second part, at the pace it has, to a new worker for each
situation: with a warm-up and without; with all that Redis had, without the cached entries, and
without the hot counts either. It also measures how long ``run.py`` takes to listen, both ways.

Another worker runs all the time and answers nothing, as in a rolling restart: when nobody hears the
invalidation log for longer than ``MAX_STALENESS``, the entries in Redis are believed no more.
"""

from benchmarks.warmup.report import main

__all__ = ["main"]
