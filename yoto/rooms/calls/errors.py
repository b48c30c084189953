"""Errors of calls out."""

from __future__ import annotations

from yoto.errors import DeadlineExceeded, Rejected


class TimedOut(DeadlineExceeded, TimeoutError):
    """The service ``name`` did not answer in the time that ``@calls`` gives it.

    Its breaker counts this, unlike the deadline of a caller.
    """

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(seconds)
        self.args = (f"'{name}' did not answer within {seconds:g} s",)
        self.name = name


class TooManyThreads(Rejected):
    """All ``limit`` threads for calls are in use, by calls to ``name`` and others."""

    def __init__(self, name: str, limit: int) -> None:
        super().__init__(f"'{name}' was not called: all {limit} threads are in use", 1.0)
        self.name = name
        self.limit = limit
