"""How much one account may change in a while, whatever it is: each change is kept for ever."""

from __future__ import annotations

from flask import current_app

from app.http.access import PUBLIC_MARK
from app.http.auth import identity
from app.http.guards import API_WRITE
from yoto.resilience import rate_limit

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


def count_change(path: str, endpoint: str) -> None:
    """Count a request that changes something for who makes it, before anybody reads it.

    Raises:
        RateLimited: the caller has changed too much lately.
        as ``app.http.auth.identity``: nobody knows the caller.
    """
    view = current_app.view_functions.get(endpoint)
    if view is None or not path.startswith(WRITES) or endpoint in LIMITED:
        return
    if not hasattr(view, PUBLIC_MARK):
        identity()
        _counted()


@rate_limit(API_WRITE)
def _counted() -> None:
    """One change by the caller."""
