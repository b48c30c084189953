"""Who acts, as the record of configuration and guards names them."""

from __future__ import annotations

from app.http.control_api import actor_id, operator


def author() -> str:
    """The account, or that the glass was broken."""
    found = actor_id()
    return f"user:{found}" if found is not None else str(operator().credential)
