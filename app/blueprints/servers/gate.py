"""A decorator for routes that are open to the members of a server, whatever their permissions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from app.blueprints.servers.membership import demand_member
from app.http.access import SIGNED_IN_MARK
from app.http.auth import identity

View = TypeVar("View", bound=Callable[..., Any])


def members_only(view: View) -> View:
    """Let members of the server ``server_id`` in (and super-admins), before the body is read."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        demand_member(kwargs["server_id"], identity())
        return view(*args, **kwargs)

    setattr(guarded, SIGNED_IN_MARK, True)
    return guarded  # type: ignore[return-value]
