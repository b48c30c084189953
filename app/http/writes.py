"""How much one account may change in a while, whatever it is: each change is kept for ever."""

from __future__ import annotations

from flask import Flask, current_app, request

from app.core.resilience import rate_limit
from app.http.access import PUBLIC_MARK
from app.http.auth import identity
from app.http.context import changes_something
from app.http.guards import API_WRITE

WRITES = "/api/v1/"
# What has limits of its own.
LIMITED = frozenset(
    {
        "messages.send_message",
        "messages.edit_message",
        "invites.join_by_invite",
        "members.rename_self",
    }
)


def init_writes(app: Flask) -> None:
    """Count changes for who makes them, before anybody reads the request."""
    app.before_request(_count)


def _count() -> None:
    endpoint = request.endpoint or ""
    view = current_app.view_functions.get(endpoint)
    if view is None or not request.path.startswith(WRITES) or endpoint in LIMITED:
        return
    if changes_something() and not hasattr(view, PUBLIC_MARK):
        identity()
        _counted()


@rate_limit(API_WRITE)
def _counted() -> None:
    """One change by the caller."""
