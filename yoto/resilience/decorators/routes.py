"""The guards of an application's routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from flask import Flask

from ..config_store import Kind
from .body import view_functions
from .chosen import ChosenLimitPart, covers
from .parts import BreakerPart, BulkheadPart, DecoratorPart, GuardPart, LimitPart
from .shapes import guards_on
from .views import around, view_parts

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
