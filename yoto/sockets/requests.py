"""The event of a socket as a request."""

from __future__ import annotations

from flask import request


def socket_id() -> str:
    """The connection that the event at hand came by."""
    return str(request.sid)  # type: ignore[attr-defined]
