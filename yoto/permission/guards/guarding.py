"""Checks in front of views, plain functions, and all views of a blueprint.

The check happens when the function is called: for a generator function before the generator is
made, not when it is first advanced.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

from flask import Blueprint, Flask

from yoto.cache import PlaceKey
from yoto.permission.guards.arguments import FindId, id_finder, id_of_view
from yoto.permission.registry.requirement import PermissionRequirement, ScopeId
from yoto.permission.state import PermissionState
from yoto.request_thread import in_request_thread

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any] | Blueprint)
Check: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], None]


class Finder(Protocol):
    """Finds ids in a guarded call: see ``arguments.id_finder``."""

    def __call__(self, source: ScopeId, field: str = "scope_id") -> FindId: ...


ATTRIBUTE = "__permission_requirement__"


def guard(
    function: Function, make_check: Callable[[Finder], Check], declared: PermissionRequirement
) -> Function:
    """``function``, or the views of a blueprint, behind a check.

    Args:
        make_check: gives the check that raises for a call that the caller may not make.
        declared: the requirement, for introspection.

    Raises:
        TypeError: a class, an application or a value that cannot be called: it would guard nothing.
        ValidationFailed: the function lacks the argument for an id.
    """
    if isinstance(function, Blueprint):
        check = make_check(_view_finder)
        function.before_request(lambda: check((), {}))
        _declare(function, function, declared)
        return function
    if not callable(function) or inspect.isclass(function) or isinstance(function, Flask):
        raise TypeError(f"permissions guard functions and blueprints, not {function!r}")
    guarded: Function = _guard_calls(function, make_check, declared)
    return guarded


def publish_granted(state: PermissionState, user_id: int, requirement: str, key: PlaceKey) -> None:
    """Notify listeners that access was granted; this cannot change the result."""
    if state.on_granted is not None:
        try:
            state.on_granted(user_id, requirement, key)
        except Exception:
            log.exception("a listener to passed checks failed")


def _guard_calls(
    function: Any, make_check: Callable[[Finder], Check], declared: PermissionRequirement
) -> Any:
    check = make_check(partial(id_finder, function))
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            await in_request_thread(lambda: check(args, kwargs))
            return await function(*args, **kwargs)

    else:

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            check(args, kwargs)
            return function(*args, **kwargs)

    _declare(guarded, function, declared)
    return guarded


def _view_finder(source: ScopeId, field: str = "scope_id") -> FindId:
    return lambda args, kwargs: id_of_view(source, field)


def _declare(guarded: Any, function: Any, declared: PermissionRequirement) -> None:
    setattr(guarded, ATTRIBUTE, declared.around(getattr(function, ATTRIBUTE, None)))
