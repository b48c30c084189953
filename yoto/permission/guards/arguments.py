"""Finds an id in an argument of a guarded call, or in the request."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flask import current_app, has_request_context, request

from yoto.errors import ConfigurationError, ValidationFailed
from yoto.nodes import mark_of
from yoto.permission.registry.requirement import ScopeId
from yoto.permission.registry.scopes import parse_place
from yoto.store.models import ScopeType
from yoto.store.resources import known_types

# Arguments of a call, positional and by name.
FindId: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], Any]


def checked_scope(scope: str | None, scope_id: ScopeId) -> str:
    """The scope's name.

    Raises:
        ValidationFailed: an unknown scope, or a source of ids that does not fit it.
    """
    if scope is None or scope == ScopeType.GLOBAL:
        parse_place(scope, None if scope_id is None else 1)
        return ScopeType.GLOBAL.value
    if current_app:
        known_types().get(scope, asked=True)
    else:
        mark_of(scope)  # the application that checks knows whether it is declared
    if not isinstance(scope_id, str) and not callable(scope_id):
        raise ValidationFailed({"scope_id": "must be an argument's name or a callable"})
    return str(scope)


def id_of_view(source: ScopeId, field: str = "scope_id") -> Any:
    """The id in the request at hand.

    Args:
        field: its name in errors.

    Raises:
        ConfigurationError: its view has no such argument.
        RuntimeError: there is no request.
    """
    if source is None:
        return None
    if not has_request_context():
        raise RuntimeError(f"the {field} needs a request, and there is none")
    if not isinstance(source, str):
        return source(request)
    arguments: Mapping[str, Any] = request.view_args or {}
    if source not in arguments:
        raise ConfigurationError(field, f"the view {request.endpoint} has no argument '{source}'")
    return arguments[source]


def id_finder(function: Callable[..., Any], source: ScopeId, field: str = "scope_id") -> FindId:
    """A function that gets the id out of a call of ``function``.

    Raises:
        ValidationFailed: it has no such argument.
    """
    if source is None:
        return lambda args, kwargs: None
    if not isinstance(source, str):
        return lambda args, kwargs: id_of_view(source, field)
    return _argument_finder(function, source, field)


def _argument_finder(function: Callable[..., Any], name: str, field: str) -> FindId:
    signature = inspect.signature(function)
    parameters = signature.parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if name not in parameters and not takes_any:
        raise ValidationFailed({field: f"{function.__qualname__} has no argument '{name}'"})
    # Its position when it is not given by name; none, when it can only be given by name.
    positional = [
        p.name
        for p in parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    place = positional.index(name) if name in positional else sys.maxsize

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if place < len(args):
            return args[place]
        if name in kwargs:
            return kwargs[name]
        # Its default, or the error of a call that lacks it.
        call = signature.bind(*args, **kwargs)
        call.apply_defaults()
        return call.arguments.get(name)

    return find
