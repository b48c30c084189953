"""The deadline of a request: its route's, cut by what the caller said.

A caller's time counts from when the application sees the request, before routing; who comes with
none left is answered at once. Headers count behind trusted proxies alone, since deploy/ clears what
strangers send; an API token is believed without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from flask import Flask, g, request

from yoto import deadlines
from yoto.deadlines import Deadline
from yoto.http.wsgi import Wsgi, answer_problem
from yoto.request.deadlines import EXTENSION, said_by

LATE = "The caller's deadline had passed when the request came."


class CallersDeadlines:
    """WSGI middleware: a request works under its caller's deadline."""

    def __init__(
        self, wsgi: Wsgi, on_late: Callable[[], None], on_ignored: Callable[[], None]
    ) -> None:
        """``on_late`` counts a request that came after its deadline; see ``said_by``."""
        self._wsgi = wsgi
        self._on_late = on_late
        self._on_ignored = on_ignored

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        seconds = said_by(environ, self._on_ignored)
        if seconds is None:
            return self._wsgi(environ, start_response)
        if seconds <= 0:
            self._on_late()
            return answer_problem(
                start_response, "504 Gateway Timeout", "deadline-exceeded", LATE, deadline=0.0
            )
        begun = deadlines.begin(seconds)
        try:
            return self._wsgi(environ, start_response)
        finally:
            deadlines.end(begun)


def init_deadlines(
    app: Flask,
    seconds: float,
    proxies: int,
    on_late: Callable[[], None] = lambda: None,
    on_ignored: Callable[[], None] = lambda: None,
) -> None:
    """Put the requests of ``app`` under deadlines.

    Args:
        seconds: for routes without ``@deadline``; 0: none.
        proxies: how many are trusted; with none, what callers say is not read.
        on_late: counts a request that its deadline found unanswered.
        on_ignored: see ``said_by``.
    """
    deadlines.carry_on()
    app.extensions[EXTENSION] = on_ignored
    # Before the application's own steps, so that nothing begins in vain.
    app.before_request_funcs.setdefault(None, []).insert(0, partial(_begin, app, seconds))
    # Flask runs these in the reverse order, so this one comes last.
    app.teardown_request_funcs.setdefault(None, []).insert(0, partial(_end, on_late))
    if proxies:
        app.wsgi_app = CallersDeadlines(  # type: ignore[method-assign]
            app.wsgi_app, on_late, on_ignored
        )


def _begin(app: Flask, seconds: float) -> None:
    """The route's deadline begins; raises ``DeadlineExceeded`` where the caller's has passed."""
    deadlines.check_deadline()
    view = app.view_functions.get(request.endpoint or "")
    own = deadlines.seconds_of(view) or seconds
    if own:
        g.deadline = deadlines.put(own)


def _end(on_late: Callable[[], None], _: BaseException | None) -> None:
    if deadlines.has_passed():
        on_late()
    begun: Deadline | None = g.pop("deadline", None)
    if begun is not None:
        deadlines.lift(begun)
