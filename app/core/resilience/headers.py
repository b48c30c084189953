"""What rate limits said during a request, and the response headers that tell it.

Source: draft-ietf-httpapi-ratelimit-headers-10; values are structured fields (RFC 9651). ``t`` says
when more quota is there, for a refusal as ``Retry-After`` does; it is left out where nobody knows:
sliding windows give back as irregularly as they were used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from flask import has_request_context, request

from .limiter import DimensionStatus

POLICY_HEADER = "RateLimit-Policy"
LIMIT_HEADER = "RateLimit"
KEPT = 4_096  # texts of each kind that are not made again
# Where a request keeps what was said in it. Not ``flask.g``: that belongs to the application
# context, which several requests may share.
_ENVIRON_KEY = "yoto.rate_limits"


@dataclass(frozen=True, slots=True)
class NotedLimit:
    """What one limiter said of one dimension in this request."""

    limiter: str
    status: DimensionStatus


def note_limits(limiter: str, statuses: Callable[[], Iterable[DimensionStatus]]) -> None:
    """Keep what a limiter said until the response; outside of a request nobody wants it.

    ``statuses`` is called when the headers are made, not while the call waits.
    """
    if has_request_context():
        request.environ.setdefault(_ENVIRON_KEY, []).append((limiter, statuses))


def noted_limits() -> list[NotedLimit]:
    """What limiters said in this request, in the order of asking."""
    if not has_request_context():
        return []
    said = request.environ.get(_ENVIRON_KEY, ())
    return [NotedLimit(limiter, status) for limiter, statuses in said for status in statuses()]


def rate_limit_headers(noted: Iterable[NotedLimit]) -> dict[str, str]:
    """The ``RateLimit-Policy`` and ``RateLimit`` headers; empty when no limit was asked.

    A policy is named after its dimension, with its limiter in front when several limiters spoke.
    Of a limit that was asked twice the later answer counts.
    """
    latest = {(one.limiter, one.status.name): one.status for one in noted}
    if not latest:
        return {}
    several = len({limiter for limiter, _ in latest}) > 1
    policies, limits = [], []
    for (limiter, dimension), status in latest.items():
        name = f"{limiter}/{dimension}" if several else dimension
        more = status.more_after
        policies.append(_policy(name, status.limit, status.window))
        after = None if more is None else math.ceil(more)
        limits.append(_limit(name, max(0, status.remaining), after))
    return {POLICY_HEADER: ", ".join(policies), LIMIT_HEADER: ", ".join(limits)}


@lru_cache(maxsize=KEPT, typed=True)
def _policy(name: str, limit: float, window: float) -> str:
    # Whole seconds in the draft; a shorter window is said to be one second.
    return f"{_string(name)};q={limit};w={max(1, round(window))}"


@lru_cache(maxsize=KEPT, typed=True)
def _limit(name: str, remaining: float, more_after: float | None) -> str:
    when = "" if more_after is None else f";t={more_after}"
    return f"{_string(name)};r={remaining}{when}"


@lru_cache(maxsize=KEPT)
def _string(text: str) -> str:
    """A structured-field string: printable ASCII in quotes (RFC 9651, section 3.3.3)."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
