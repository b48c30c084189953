"""The Flask application, in which an answer that was made is given.

What runs after the view counts, records, describes and cleans up. A client that is answered 500
because one of those failed tries again what is done already, so a failure of one is logged and
counted, and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from flask import Flask, Response, appcontext_tearing_down, request, request_tearing_down
from flask.globals import request_ctx

from app.core import tracing
from app.http.answers import step_failed
from app.http.json_text import QuickJson
from app.http.traces import traced


class Application(Flask):
    """Flask; what it does after the view differs, and how it writes JSON."""

    json_provider_class = QuickJson

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """As Flask's; within a span where spans are recorded."""
        if tracing.configured():
            return traced(super().wsgi_app, environ, start_response)
        return super().wsgi_app(environ, start_response)

    def process_response(self, response: Response) -> Response:
        """As Flask's; the answer is what it was before each function that fails."""
        context = request_ctx._get_current_object()  # type: ignore[attr-defined]
        names = chain(request.blueprints, (None,))
        registered = (reversed(self.after_request_funcs.get(name, ())) for name in names)
        for step in chain(context._after_request_functions, *registered):
            response = self._contained(step, response) or response
        sessions = self.session_interface
        if not sessions.is_null_session(context._session):
            self._contained(sessions.save_session, self, context._session, response)
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """As Flask's; a function that fails keeps none of the others from running."""
        for name in chain(request.blueprints, (None,)):
            for step in reversed(self.teardown_request_funcs.get(name, ())):
                self._contained(step, exc)
        self._contained(request_tearing_down.send, self, exc=exc)

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """As ``do_teardown_request``."""
        for step in reversed(self.teardown_appcontext_funcs):
            self._contained(step, exc)
        self._contained(appcontext_tearing_down.send, self, exc=exc)

    def _contained(self, step: Callable[..., Any], *args: Any, **named: Any) -> Any:
        try:
            return step(*args, **named)
        except Exception:
            step_failed(self, step)
            return None
