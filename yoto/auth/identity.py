"""The caller's identity. The application provides the lookup; it is called once a request.

Nothing here knows accounts, tokens or sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g, has_request_context

EXTENSION_KEY = "yoto.callers"


@dataclass(frozen=True, slots=True)
class Identity:
    """The account behind a valid credential.

    Attributes:
        user_id: the id that permissions are asked for.
        super_admin: whether they have everything.
    """

    user_id: int
    super_admin: bool


@dataclass(frozen=True, slots=True)
class Callers:
    """An application's way to identify callers.

    Attributes:
        identify: the caller of the request at hand; raises the error that answers a request without
            a valid credential, such as werkzeug's ``Unauthorized``.
        credential: the caller's credential as a text, different for each sign-in; asked after
            ``identify``.
    """

    identify: Callable[[], Identity]
    credential: Callable[[], str]


def init_callers(app: Flask, callers: Callers) -> None:
    """Let ``app`` know its callers so."""
    app.extensions[EXTENSION_KEY] = callers


def identity() -> Identity:
    """The caller of this request, looked up once a request; raises as ``Callers.identify``."""
    # Through the proxy each attribute costs more than the whole look-up.
    kept = g._get_current_object()
    found: Identity | None = kept.get("identity")
    if found is None:
        found = kept.identity = _callers().identify()
    return found


def credential_of_caller() -> str:
    """The text of the caller's credential; see ``Callers``."""
    return _callers().credential()


def current_user_id() -> int:
    """The caller's user id; see ``identity``."""
    return identity().user_id


def caller_or_none() -> int | None:
    """The caller's user id where sign-in was checked already; guards count others by address."""
    known: Identity | None = g.get("identity") if has_request_context() else None
    return known.user_id if known is not None else None


def _callers() -> Callers:
    found: Callers = current_app.extensions[EXTENSION_KEY]
    return found
