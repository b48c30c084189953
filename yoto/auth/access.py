"""Marks of routes that need no permission: open to everyone, or to everyone who signed in.

Every view carries one of the marks or a permission decorator; a test walks the URL map and fails
for a view that has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from yoto.auth.identity import identity

View = TypeVar("View", bound=Callable[..., Any])

SIGNED_IN_MARK = "__signed_in__"
PUBLIC_MARK = "__public__"
# Set by decorators that choose the permission by the address; the value names the choices.
RIGHTS_MARK = "__rights__"


def signed_in(view: View) -> View:
    """Let any account in that has a valid access token; others get 401."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        identity()
        return view(*args, **kwargs)

    setattr(guarded, SIGNED_IN_MARK, True)
    return guarded  # type: ignore[return-value]


def public(reason: str) -> Callable[[View], View]:
    """Say that a view is open to everyone, and why it must be."""

    def mark(view: View) -> View:
        setattr(view, PUBLIC_MARK, reason)
        return view

    return mark
