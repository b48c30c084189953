"""Ownership: the owner of the thing that a call is about needs no permission for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from yoto.permission.checking.deciding import answer_of
from yoto.permission.people.keys import NOBODY, number_of
from yoto.permission.registry.scopes import GLOBAL
from yoto.permission.state import PermissionState
from yoto.permission.verdict.verdict import is_blocked

# A view argument's name, or a callable that finds the owner's id in the request.
Owner: TypeAlias = str | Callable[[Any], Any] | None


def check_owner(owner: Any) -> None:
    """Raises ``TypeError`` for a value that can name no owner."""
    if owner is None or isinstance(owner, str):
        return
    # Its coroutine would never be awaited.
    if not callable(owner) or inspect.iscoroutinefunction(owner):
        raise TypeError(f"owner must be an argument's name or a callable, not {owner!r}")


def owns(state: PermissionState, user_id: int, owner: Any) -> bool:
    """Whether a user is the owner, and may act at all: a disabled account owns nothing.

    Args:
        owner: an id, as the application has it; None: there is no owner.

    Raises:
        ValidationFailed: the owner is no id.
        StoreUnavailable: neither the cache nor the database answered.
    """
    if owner is None or user_id == NOBODY or number_of(owner, "owner") != user_id:
        return False
    return not is_blocked(answer_of(state, user_id, GLOBAL).resolution)
