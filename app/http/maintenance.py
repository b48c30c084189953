"""In maintenance nobody but operators gets anything done, whatever a view asks for or does not."""

from __future__ import annotations

from app.extensions import permissions

# What people and their programs call. The control plane has its own routes and checks.
CLOSED = ("/api/v1/", "/access/")
# Who comes back finds out that there is maintenance, and goes on where they were when it ends.
OPEN = frozenset({"auth.login", "auth.refresh", "auth.logout", "auth.me"})


def turn_away(path: str, endpoint: str) -> None:
    """Turn a request away before anybody reads it.

    Raises:
        MaintenanceMode: there is maintenance, and it is for none of what stays open.
    """
    if path.startswith(CLOSED) and endpoint not in OPEN:
        permissions.demand_service()
