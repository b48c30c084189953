"""Limits of all views of an application or a blueprint, and views without them.

The nearest comes first: a limit of a view's own, then its blueprint's, that of the blueprint
around it, and the application's. Only the nearest counts, besides limits for ``every`` view.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from flask import Blueprint, Flask, current_app, request
from flask.sansio.app import App
from flask.sansio.scaffold import Scaffold

from yoto.errors import ConfigurationError

from ..config_store import Kind
from .body import view_functions
from .call import Call
from .chosen import ChosenLimitPart, Numbers, Unless, covers, limit_part
from .keys import CostOption, KeyOption
from .parts import BreakerPart, BulkheadPart, DecoratorPart, GuardPart, LimitPart
from .shapes import guards_on
from .stack import Stack

T = TypeVar("T")

_LIMITS = "__yoto_view_limits__"
_EXEMPT = "__yoto_exempt__"
_STATIC = "static"


@dataclass
class ViewLimits:
    """The limits of an application's or a blueprint's views.

    Attributes:
        nearest: limits of views that have no nearer limit.
        every: limits of all views.
    """

    nearest: tuple[LimitPart, ...] = ()
    every: tuple[LimitPart, ...] = ()


def limit_views(
    views: Flask | Blueprint,
    name: str,
    key: KeyOption = None,
    *,
    cost: CostOption = 1,
    every: bool = False,
    methods: Collection[str] | None = None,
    unless: Unless | None = None,
    count_when: Callable[[Any], bool] | None = None,
    plans: Mapping[str, Numbers] | None = None,
    plan: Callable[..., str] | None = None,
    **numbers: Any,
) -> None:
    """Count requests to all views of an application or a blueprint by the rate limit ``name``.

    A view has the nearest limit alone: its own (``rate_limit``, ``guarded``), else that of its
    blueprint, of the blueprint around that, of the application. Views that are ``exempt``, and
    static files, have none of these. Call it before a blueprint is registered.

    Args:
        every: also for views that have a nearer limit, which then counts as well.
        key, cost, methods, unless, count_when, plans, plan, numbers: as for ``rate_limit``.

    Raises:
        ConfigurationError: ``views`` is no application or blueprint; as ``rate_limit``.
    """
    if not isinstance(views, Flask | Blueprint):
        raise ConfigurationError(name, f"is for an application or a blueprint, not {views!r}")
    part = limit_part(name, key, cost, methods, unless, count_when, plans, plan, numbers)
    limits = limits_of(views)
    if limits is None:
        limits = ViewLimits()
        # This comes first, since it is refused once the blueprint is registered: limits that are
        # never counted would be the nearest.
        views.before_request(lambda: _count(views, limits))
        setattr(views, _LIMITS, limits)
    if every:
        limits.every += (part,)
    else:
        limits.nearest += (part,)


def exempt(views: T) -> T:
    """Leave a view, a view class or a blueprint without the limits of ``limit_views``.

    Limits by decorators of its own stay. Usable as a decorator.
    """
    setattr(views, _EXEMPT, True)
    return views


def limits_of(views: Scaffold) -> ViewLimits | None:
    """The limits from ``limit_views``."""
    found: ViewLimits | None = getattr(views, _LIMITS, None)
    return found


def view_parts(app: App, endpoint: str, method: str) -> tuple[LimitPart, ...]:
    """The limits by ``limit_views`` that count requests to an endpoint, outermost first."""
    blueprints = around(app, endpoint)
    if _is_exempt(app, blueprints, endpoint, method):
        return ()
    return tuple(
        part
        for views in (app, *reversed(blueprints))
        for part in _parts(app, views, blueprints, endpoint, method)
        if covers(part, method)
    )


def _count(views: Flask | Blueprint, limits: ViewLimits) -> None:
    """Before a request: raises ``RateLimited`` when a limit is used up, and charges none then."""
    app: App = current_app._get_current_object()  # type: ignore[attr-defined]
    endpoint = request.endpoint
    if endpoint is None:
        return
    blueprints = around(app, endpoint)
    if _is_exempt(app, blueprints, endpoint, request.method):
        return
    parts = _parts(app, views, blueprints, endpoint, request.method)
    if parts:
        view = app.view_functions[endpoint]
        Stack(view, parts).admit(Call(view, (), request.view_args or {}))


def _parts(
    app: App,
    views: Scaffold,
    blueprints: list[Scaffold],
    endpoint: str,
    method: str,
) -> tuple[LimitPart, ...]:
    """The limits of ``views`` alone."""
    limits = limits_of(views)
    if limits is None:
        return ()
    if limits.nearest and _nearest(app, blueprints, endpoint, method) is views:
        return limits.every + limits.nearest
    return limits.every


def _nearest(app: App, blueprints: list[Scaffold], endpoint: str, method: str) -> Scaffold | None:
    own = [part for one in view_functions(app, endpoint, method) for part in guards_on(one).parts]
    if any(_limits(part, method) for part in own):
        return None
    for blueprint in blueprints:
        limits = limits_of(blueprint)
        if limits is not None and any(covers(part, method) for part in limits.nearest):
            return blueprint
    return app


def _limits(part: DecoratorPart, method: str) -> bool:
    if isinstance(part, GuardPart):
        return Kind.RATE_LIMIT in part.parts
    return isinstance(part, LimitPart) and covers(part, method)


def around(app: App, endpoint: str) -> list[Scaffold]:
    """The blueprints that an endpoint is in, the innermost first."""
    names = endpoint.split(".")[:-1]
    paths = [".".join(names[:length]) for length in range(len(names), 0, -1)]
    return [app.blueprints[path] for path in paths if path in app.blueprints]


def _is_exempt(app: App, blueprints: list[Scaffold], endpoint: str, method: str) -> bool:
    name = endpoint.rpartition(".")[2]
    home = blueprints[0] if blueprints else app
    if name == _STATIC and home.has_static_folder:
        return True
    marked = (*blueprints, *view_functions(app, endpoint, method))
    return any(getattr(one, _EXEMPT, False) for one in marked)


# Marks on functions by ``require_permission``, and by decorators that choose a right by the
# address; guards do without the modules of these.
PERMISSION_MARK = "__permission_requirement__"
RIGHTS_MARK = "__rights__"
PERMISSION = "permission"

# Kind and name.
Named: TypeAlias = tuple[str, str]


def route_guards(app: Flask, endpoint: str, method: str) -> list[Named]:
    """Kind and name of all guards of requests of ``method`` to an endpoint: permissions, then
    limits of all views, then guards by decorators of the view.
    """
    functions = list(view_functions(app, endpoint, method))
    found = [name for one in (*around(app, endpoint), *functions) for name in _permissions(one)]
    found += [name for part in view_parts(app, endpoint, method) for name in _named(part)]
    return found + [name for one in functions for name in _of_stack(one, method)]


def _permissions(guarded: Any) -> Iterator[Named]:
    rights = getattr(guarded, RIGHTS_MARK, None)
    if rights is not None:
        yield PERMISSION, str(rights)
    requirement = getattr(guarded, PERMISSION_MARK, None)
    while requirement is not None:
        yield PERMISSION, str(requirement.requirement)
        requirement = requirement.inner


def _of_stack(function: Any, method: str) -> Iterator[Named]:
    stack = guards_on(function)
    if stack.degrade is not None:
        yield Kind.DEGRADATION.value, stack.degrade.name
    for part in stack.parts:
        if not isinstance(part, LimitPart) or covers(part, method):
            yield from _named(part)


def _named(part: DecoratorPart) -> list[Named]:
    match part:
        case ChosenLimitPart(plans=plans) if plans:
            return [(Kind.RATE_LIMIT.value, limit.name) for limit in plans.values()]
        case LimitPart():
            return [(Kind.RATE_LIMIT.value, part.name)]
        case BreakerPart():
            return [(Kind.CIRCUIT_BREAKER.value, part.name)]
        case BulkheadPart():
            return [(Kind.BULKHEAD.value, part.name)]
        case GuardPart():
            return [(kind.value, part.name) for kind in sorted(part.parts)]
    return []
