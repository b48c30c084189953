"""Facts about the request at hand that audit records and answers carry."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, has_app_context, has_request_context, request
from sqlalchemy.engine import Connection
from werkzeug.middleware.proxy_fix import ProxyFix

from app.db import set_writing
from app.server import REQUEST_ID_KEY

REQUEST_ID_HEADER = "X-Request-ID"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, section 9.2.1
# Parts of addresses that open something by themselves.
SECRET_PARTS = frozenset({"code"})
_PLAIN_PART = re.compile(r"[a-z_.-]{0,40}|[0-9]{1,19}|v[0-9]")
READ_ONLY_MARK = "__read_only__"
MODERATION_MARK = "__moderation__"
OWN_ID_HEADER = "X-Yoto-Request-ID"
# A caller may name its request by visible ASCII, so that its logs and ours meet.
_ACCEPTED_ID = re.compile(r"[\x21-\x7e]{1,128}")

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act came from. Outside a request both are None.

    The id is ours, whatever the caller calls the request: nobody chooses what records say.
    """

    request_id: str | None
    address: str | None


def init_context(app: Flask) -> None:
    """Give each request an id and, behind trusted proxies, its true address."""
    app.wsgi_app = behind_proxies(app, app.wsgi_app)  # type: ignore[method-assign]
    app.before_request(_name_request)
    app.before_request(_announce_writes)
    app.after_request(_return_id)


def behind_proxies(app: Flask, wsgi: Any) -> Any:
    """What ``wsgi`` is behind trusted proxies: told the client's address. Twice changes nothing."""
    proxies = app.config["TRUSTED_PROXIES"]
    if not proxies:
        return wsgi
    return ProxyFix(wsgi, x_for=proxies, x_proto=proxies, x_host=proxies)


def public_url() -> str:
    """Where clients reach this application: ``PUBLIC_URL``, else the address that it listens on.

    Never what ``Host`` says, which is whatever a client wrote.
    """
    configured: str | None = current_app.config["PUBLIC_URL"]
    if configured is not None:
        return configured.rstrip("/")
    environ = request.environ
    return f"{request.scheme}://{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"


def origin() -> Origin:
    """The origin of the current act, for the audit log."""
    if not has_request_context():
        return Origin(None, None)
    return Origin(own_request_id(), request.remote_addr)


def request_id() -> str:
    """What this request is called in answers and logs: as the caller says, or by its own id.

    It is made here when the request was refused before it got one.
    """
    if "request_id" not in g:
        _name_request()
    return str(g.request_id)


def own_request_id() -> str:
    """The id that records have of this request."""
    request_id()
    return str(g.own_request_id)


def _name_request() -> None:
    given = request.headers.get(REQUEST_ID_HEADER, "")
    g.own_request_id = secrets.token_hex(16)
    g.request_id = given if _ACCEPTED_ID.fullmatch(given) else g.own_request_id
    request.environ[REQUEST_ID_KEY] = g.request_id


def shown_path() -> str:
    """The path of this request as logs and traces may have it: without its query, and without what
    opens something by itself, such as the code of an invite.
    """
    rule, values = request.url_rule, request.view_args or {}
    if rule is None:
        # It leads nowhere, so nobody knows which part is what: words and numbers are kept.
        parts = request.path.split("/")
        return "/".join(part if _PLAIN_PART.fullmatch(part) else "..." for part in parts)
    path = request.path
    for name in SECRET_PARTS & values.keys():
        path = path.replace(str(values[name]), f"<{name}>")
    return path


def note_outcome(**facts: str) -> None:
    """Keep why this request ends as it does, for logs and traces."""
    g.outcome = outcome() | facts


def outcome() -> dict[str, str]:
    """What ``note_outcome`` kept of this request."""
    found: dict[str, str] = g.get("outcome", {})
    return found


def note_credential(credential: str) -> None:
    """Keep by which credential an operator acts, by request or terminal, for what records it."""
    g.credential = credential


def credential() -> str | None:
    """What ``note_credential`` kept; None where nobody was known as an operator."""
    found: str | None = g.get("credential") if has_app_context() else None
    return found


def before_recording(hook: Callable[[Connection], None]) -> None:
    """Call ``hook`` with the connection before this request puts anything into the audit log; what
    it raises is why the request must not act.
    """
    g.before_recording = hook


def note_record(connection: Connection) -> None:
    """Remember that this request puts something into the audit log, as every act does first."""
    if has_request_context():
        hook: Callable[[Connection], None] | None = g.get("before_recording")
        if hook is not None:
            hook(connection)
        g.recorded = True


def read_only(view: View) -> View:
    """Say that a view changes nothing although its method is POST, so it waits for no writer."""
    setattr(view, READ_ONLY_MARK, True)
    return view


def keeps_order(view: View) -> View:
    """Say that a view keeps order: many such acts in a minute are a raid, not an odd moderator."""
    setattr(view, MODERATION_MARK, True)
    return view


def is_moderation() -> bool:
    """Whether the view of this request carries that mark."""
    return hasattr(_view(), MODERATION_MARK)


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint or "")


def changes_something() -> bool:
    """Whether the view of this request is one that may change what is stored."""
    view = _view()
    return request.method not in SAFE_METHODS and not hasattr(view, READ_ONLY_MARK)


def _announce_writes() -> None:
    set_writing(changes_something())


def _return_id(response: Response) -> Response:
    response.headers[REQUEST_ID_HEADER] = request_id()
    response.headers[OWN_ID_HEADER] = own_request_id()
    return response
