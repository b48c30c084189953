"""The Flask application, which gives a response once it is made, whatever fails after that.

The functions after the view count, record, describe and clean up. A client that got 500 because
one of those failed would repeat what is done already, so such a failure is logged and counted,
and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
from flask import Flask, Request, Response, appcontext_tearing_down, request, request_tearing_down
from flask.globals import request_ctx
from flask.json.provider import DefaultJSONProvider
from werkzeug.routing import MapAdapter, PathConverter, RequestRedirect
from werkzeug.sansio.utils import get_host

from yoto import tracing
from yoto.http.borrowed import after_this_request, session_of
from yoto.http.bounding import RequestBound
from yoto.http.request_metrics import contained
from yoto.http.traces import traced
from yoto.http.wsgi import Wsgi, answer_problem

# The address to which the pages' sockets connect.
SOCKETS_PATH = "/socket.io"
BELOW_SOCKETS = f"{SOCKETS_PATH}/"
MOST_HOSTS = 256  # names that clients call us by; they may call us anything
# Names of views, without their blueprint, that never wait for others.
UNBOUNDED = frozenset({"livez", "static"})
# More than all views have with their decorators; a class of views makes one for each request.
MOST_FUNCTIONS = 4_096


class QuickJson(DefaultJSONProvider):
    """Flask's JSON; only responses differ, with their keys in the order given."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """As Flask's, which also writes values that msgspec cannot, such as half a surrogate
        pair."""
        try:
            body = msgspec.json.encode(self._prepare_response_obj(args, kwargs))
        except (TypeError, ValueError, OverflowError):
            plain: Response = super().response(*args, **kwargs)  # type: ignore[assignment]
            return plain
        made: type[Response] = self._app.response_class  # type: ignore[assignment]
        return made(body + b"\n", mimetype=self.mimetype)


class NodeConverter(PathConverter):
    """The id of a resource in an address, whose slashes came as ``%2F``: WSGI decodes them."""

    regex = ".+?"
    part_isolating = False


class Application(Flask):
    """Flask with other steps after the view and another JSON writer. It remembers what Flask would
    find out anew for each request.

    Attributes:
        sockets: answers below ``SOCKETS_PATH``, where it is set.
        bound: how many requests are worked on at once; None: any number.
    """

    json_provider_class = QuickJson
    sockets: Wsgi | None = None
    bound: RequestBound | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.url_map.converters["node"] = NodeConverter
        self._synchronous = lru_cache(maxsize=MOST_FUNCTIONS)(super().ensure_sync)
        self._server_name = lru_cache(maxsize=MOST_HOSTS)(self._to_server_name)

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """As Flask's; within a span where spans are recorded."""
        if self.sockets is not None and environ.get("PATH_INFO", "").startswith(BELOW_SOCKETS):
            return self.sockets(environ, start_response)
        bound = self.bound
        if bound is None or environ.get("PATH_INFO", "").startswith(self._unbounded):
            return self._answer(environ, start_response)
        if not bound.enter():
            detail = "This worker has as many requests as it can work on; try again."
            headers = (("Retry-After", "1"), ("Cache-Control", "no-store"))
            return answer_problem(
                start_response, "503 Service Unavailable", "overloaded", detail, *headers
            )
        try:
            return self._answer(environ, start_response)
        finally:
            bound.leave()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if tracing.configured():
            return traced(super().wsgi_app, environ, start_response)
        return super().wsgi_app(environ, start_response)

    @cached_property
    def _unbounded(self) -> tuple[str, ...]:
        """The beginnings of paths whose answers need no store: the probe of life, static files."""
        return tuple(
            rule.rule.partition("<")[0]
            for rule in self.url_map.iter_rules()
            if rule.endpoint.rpartition(".")[2] in UNBOUNDED
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As Flask's, which looks at the code of each function at each call."""
        return self._synchronous(func)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """As Flask's, which checks and encodes the host twice at each request."""
        if (
            request is None
            or self.config["SERVER_NAME"] is not None
            or self.config["TRUSTED_HOSTS"] is not None
            or self.url_map.host_matching
            or self.subdomain_matching
            or "HTTP_UPGRADE" in request.environ
        ):
            return super().create_url_adapter(request)
        request.host = get_host(request.scheme, request.environ.get("HTTP_HOST"), request.server)
        return MapAdapter(
            self.url_map,
            self._server_name(request.host),
            request.root_path,
            self.url_map.default_subdomain,
            request.scheme,
            request.path if request.environ.get("PATH_INFO") else "",
            request.method,
            request.query_string.decode(errors="replace"),
        )

    def _to_server_name(self, host: str) -> str:
        return self.url_map.bind(host).server_name

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """As Flask's; a redirect to the spelling of a route gives a path, and does not repeat
        ``Host``, which a client may write at will and a cache may keep for others.
        """
        error = request.routing_exception
        if isinstance(error, RequestRedirect):
            _, _, path, query, _ = urlsplit(error.new_url)
            # Two slashes at the beginning would name a host.
            error.new_url = "/" + path.lstrip("/") + (query and f"?{query}")
        super().raise_routing_exception(request)

    def process_response(self, response: Response) -> Response:
        """As Flask's; a function that fails leaves the answer unchanged."""
        context = request_ctx._get_current_object()  # type: ignore[attr-defined]
        names = chain(context.request.blueprints, (None,))
        registered = (reversed(self.after_request_funcs.get(name, ())) for name in names)
        for step in chain(after_this_request(context), *registered):
            response = contained(self, step, response) or response
        sessions = self.session_interface
        session = session_of(context)
        if not sessions.is_null_session(session):
            contained(self, sessions.save_session, self, session, response)
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """As Flask's; a function that fails keeps none of the others from running."""
        for name in chain(request.blueprints, (None,)):
            for step in reversed(self.teardown_request_funcs.get(name, ())):
                contained(self, step, exc)
        contained(self, request_tearing_down.send, self, exc=exc)

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """As ``do_teardown_request``."""
        for step in reversed(self.teardown_appcontext_funcs):
            contained(self, step, exc)
        contained(self, appcontext_tearing_down.send, self, exc=exc)
