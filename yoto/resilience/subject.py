"""The caller that a guarded call counts for, when the code names none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flask import Request, has_request_context, request

from .networks import network_of
from .settings import MultiDimensionalKey, RateLimitConfig

# Gives the signed-in user's id, or None without one.
Subject: TypeAlias = Callable[[], int | str | None]

# The view argument that names the server a request is about.
SERVER_ARGUMENT = "server_id"


def no_subject() -> None:
    """The subject of an application that has not declared its users."""
    return None


def caller(subject: Subject) -> MultiDimensionalKey:
    """All known parts of the caller: user, address (for IPv6 the network), and the server that the
    request names.
    """
    if not has_request_context():
        return MultiDimensionalKey(user_id=subject())
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    server: Any = (asked.view_args or {}).get(SERVER_ARGUMENT)
    return MultiDimensionalKey(
        user_id=subject(),
        server_id=server if isinstance(server, int | str) else None,
        ip_address=network_of(asked.remote_addr),
    )


def counted_caller(subject: Subject, config: RateLimitConfig) -> MultiDimensionalKey:
    """The caller as a limiter counts it.

    Configured dimensions choose for themselves. Without any, the user alone is counted, or the
    address of a caller who is not signed in: people behind one address must not share a limit.
    """
    whole = caller(subject)
    if config.dimensions:
        return whole
    if whole.user_id is not None:
        return MultiDimensionalKey(user_id=whole.user_id)
    return MultiDimensionalKey(ip_address=whole.ip_address)


def request_type(otherwise: str) -> str:
    """The type of this request: method and route; ``otherwise`` outside of one."""
    if not has_request_context():
        return otherwise
    rule = request.url_rule.rule if request.url_rule is not None else request.path
    return f"{request.method} {rule}"
