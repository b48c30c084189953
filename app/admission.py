"""Requests that are rejected before they are read.

During maintenance only operators are admitted. The number of changes of one account in a window is
limited, since each change is kept for ever.
"""

from __future__ import annotations

from flask import current_app

from app.extensions import permissions
from app.guards import API_WRITE
from yoto.auth.access import PUBLIC_MARK
from yoto.auth.identity import identity
from yoto.request.records import RequestRecord
from yoto.resilience import rate_limit

WRITES = "/api/v1/"
# Routes for people and their programs. The control plane has its own routes and checks.
CLOSED = (WRITES, "/access/")
# Open, so that a returning user sees the maintenance notice, and can go on when it ends.
OPEN = frozenset({"auth.login", "auth.refresh", "auth.logout", "auth.me"})
# Routes with limits of their own.
LIMITED = frozenset(
    {
        "messages.send_message",
        "messages.edit_message",
        "invites.join_by_invite",
        "members.rename_self",
    }
)


def admit(record: RequestRecord, endpoint: str) -> None:
    """Admit a request.

    Raises:
        MaintenanceMode: there is maintenance, and the endpoint is not among those that stay open.
        RateLimited: it changes something, and the caller has changed too much lately.
        as ``yoto.auth.identity.identity``: it changes something, and the caller is unknown.
    """
    path = record.path
    if not path.startswith(CLOSED):
        return
    if endpoint not in OPEN:
        permissions.demand_service()
    if record.changes and path.startswith(WRITES) and endpoint not in LIMITED:
        _count_change(endpoint)


def _count_change(endpoint: str) -> None:
    view = current_app.view_functions.get(endpoint)
    if view is not None and not hasattr(view, PUBLIC_MARK):
        identity()
        _counted()


@rate_limit(API_WRITE)
def _counted() -> None:
    """One change by the caller."""
