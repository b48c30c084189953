"""In maintenance nobody but operators gets anything done, whatever a view asks for or does not."""

from __future__ import annotations

from flask import Flask, request

from app.extensions import permissions

# What people and their programs call. The control plane has its own routes and checks.
CLOSED = ("/api/v1/", "/access/")
# Who comes back finds out that there is maintenance, and goes on where they were when it ends.
OPEN = frozenset({"auth.login", "auth.refresh", "auth.logout", "auth.me"})


def init_maintenance(app: Flask) -> None:
    """Turn requests away before anybody reads them."""
    app.before_request(_turn_away)


def _turn_away() -> None:
    if request.path.startswith(CLOSED) and request.endpoint not in OPEN:
        permissions.demand_service()
