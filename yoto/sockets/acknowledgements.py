"""The event of a socket: the connection that it came by, and its acknowledgement: what the handler
says, or the problem that the REST API would have given."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, request

Handler = Callable[..., dict[str, Any]]


def acknowledged(key: str) -> Callable[[Handler], Handler]:
    """Acknowledge with ``{"ok": true, ...}``, or ``{"ok": false, key: problem}``."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def wrapped(*args: Any) -> dict[str, Any]:
            try:
                return {"ok": True, **handler(*args)}
            except Exception as error:
                problem: Any = current_app.handle_user_exception(error)
                return {"ok": False, key: problem.get_json()}

        return wrapped

    return decorate


def socket_id() -> str:
    """The connection that the event at hand came by."""
    return str(request.sid)  # type: ignore[attr-defined]
