"""Facts about the current request that audit records and responses carry."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from flask import Flask, Request, current_app, g, has_app_context, has_request_context, request
from werkzeug.middleware.proxy_fix import ProxyFix

from yoto.request import REQUEST_ID_KEY
from yoto.request.records import RequestRecord
from yoto.settings import settings_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

REQUEST_ID_HEADER = "X-Request-ID"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, section 9.2.1
# Parts of addresses that open something by themselves.
SECRET_PARTS = frozenset({"code"})
_PLAIN_PART = re.compile(r"[a-z_.-]{0,40}|[0-9]{1,19}|v[0-9]")
READ_ONLY_MARK = "__read_only__"
MODERATION_MARK = "__moderation__"
OWN_ID_HEADER = "X-Yoto-Request-ID"
_GIVEN_ID = "HTTP_X_REQUEST_ID"
# A caller may name its request by printable ASCII, so that its logs and ours meet. AuthZEN 1.0
# wants that name echoed as it came. No space at either end: servers and proxies cut those.
_ACCEPTED_ID = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
# Ids are no secrets, and a reader of many can predict the next: they need no system call. A seeded
# global generator, and a fork, must not repeat them.
_ids = random.Random()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ids.seed)

View = TypeVar("View", bound=Callable[..., Any])


class Origin(NamedTuple):
    """The origin of an action. Outside a request both are None.

    The id is ours, whatever name the caller sends: callers cannot choose the id in records.
    """

    request_id: str | None
    address: str | None


def behind_proxies(app: Flask, wsgi: Any) -> Any:
    """Wrap ``wsgi`` for trusted proxies, so that it sees the client's address. Idempotent."""
    proxies = app.config["TRUSTED_PROXIES"]
    if not proxies:
        return wsgi
    return ProxyFix(wsgi, x_for=proxies, x_proto=proxies, x_host=proxies)


def settings() -> Mapping[str, Any]:
    """The platform's settings: the application's own, or those that a guest was wired with."""
    return settings_of(current_app)


def public_url() -> str:
    """The address for clients: ``PUBLIC_URL``, else the address that it listens on.

    Never the header ``Host``, in which a client writes anything.
    """
    configured: str | None = settings()["PUBLIC_URL"]
    if configured is not None:
        return configured.rstrip("/")
    environ = request.environ
    return f"{request.scheme}://{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"


def origin() -> Origin:
    """The origin of the current act, for the audit log."""
    if not has_request_context():
        return Origin(None, None)
    return Origin(own_request_id(), request.remote_addr)


def begin_record(asked: Request) -> RequestRecord:
    """Begin the record of ``asked``, the request at hand: its ids, and what it asks for."""
    environ, own = asked.environ, f"{_ids.getrandbits(128):032x}"
    given = environ.get(_GIVEN_ID)
    named = own if given is None or not _ACCEPTED_ID.fullmatch(given) else given
    environ[REQUEST_ID_KEY] = named
    record = RequestRecord(
        named, own, asked.method, asked.path, asked.remote_addr, asked.url_rule, asked.view_args
    )
    if record.method not in SAFE_METHODS:
        record.changes = not hasattr(_view(), READ_ONLY_MARK)
    g.request_record = record
    return record


def current_record() -> RequestRecord:
    """The record of the request at hand; begun here when it was refused before it had one."""
    found: RequestRecord | None = g.get("request_record")
    if found is None:
        found = begin_record(request._get_current_object())  # type: ignore[attr-defined]
    return found


def request_id() -> str:
    """The id of this request in responses and logs: the caller's, or its own."""
    return current_record().request_id


def own_request_id() -> str:
    """The id that records have of this request."""
    return current_record().own_id


def shown_path(record: RequestRecord) -> str:
    """The path of a request as logs and traces may have it: without its query, and without what
    opens something by itself, such as the code of an invite.
    """
    path = record.path
    if record.rule is None:
        # It matches no route, so its secret parts are unknown: words and numbers are kept.
        return "/".join(part if _PLAIN_PART.fullmatch(part) else "..." for part in path.split("/"))
    if record.view_args:
        for name in SECRET_PARTS & record.view_args.keys():
            path = path.replace(str(record.view_args[name]), f"<{name}>")
    return path


def note_outcome(**facts: str) -> None:
    """Keep why this request ends as it does, for logs and traces."""
    current_record().outcome |= facts


def note_credential(credential: str) -> None:
    """Keep the credential by which an operator acts, by request or terminal, for records."""
    g.credential = credential


def credential() -> str | None:
    """The credential that ``note_credential`` kept; None where no operator was recognised."""
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


def changes_something() -> bool:
    """Whether the view of this request may change stored data."""
    return current_record().changes


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint or "")


DEVICE_HEADER = "X-Device-Token"
USER_AGENT_MAX = 200


@dataclass(frozen=True, slots=True)
class CurrentRequest:
    """Facts of the request at hand; None: not known.

    Attributes:
        ip: the caller's address as text; one of IPv4 that came as IPv6 is written as IPv4.
        user_agent: the client's name for itself.
        method: the HTTP method.
        device: the hash of the secret that the client's device sent.
    """

    ip: str | None = None
    user_agent: str | None = None
    method: str | None = None
    device: str | None = None


def current_request() -> CurrentRequest | None:
    """The context of the current request; None outside one."""
    if not has_request_context():
        return None
    token = request.headers.get(DEVICE_HEADER)
    agent = request.headers.get("User-Agent")
    return CurrentRequest(
        ip=_address(request.remote_addr),
        user_agent=agent[:USER_AGENT_MAX] if agent else None,
        method=request.method,
        device=token_hash(token) if token else None,
    )


def token_hash(token: str) -> str:
    """The stored form of a device's secret: SHA-256 in hex; it is random and long, so no salt."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _address(text: str | None) -> str | None:
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None  # a Unix socket, or whatever else a server calls its peer
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            found = ipaddress.IPv6Address(int(found))
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
    return str(found)
