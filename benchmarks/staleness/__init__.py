"""How old a verdict can get: the new-enemy probe over four worker processes, calm and in trouble.

``python -m benchmarks.staleness [--rounds N] [--outages N] [--json FILE]`` warms every worker,
takes a right from a person, then gives their role another right that the first change keeps from
them, and asks every worker, with the position of the change and without. Then the same with
credentials: signing out, another password, a disabled account, a refresh token used twice.
"""

from benchmarks.staleness.report import main

__all__ = ["main"]
