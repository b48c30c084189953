"""Results of rate limits during a request, and the response headers that show them.

Source: draft-ietf-httpapi-ratelimit-headers-10; values are structured fields (RFC 9651). ``t`` says
when more quota is free, for a refusal as ``Retry-After`` does; it is left out where that is
unknown: sliding windows give back as irregularly as they were used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from flask import Request, has_request_context, request

from .algorithms import until_more
from .limiter import DimensionStatus, LeaseView

POLICY_HEADER = "RateLimit-Policy"
LIMIT_HEADER = "RateLimit"
KEPT = 4_096  # texts of each kind that are kept; the rest of a limit changes each time
# The place of results in a request. Not ``flask.g``: that belongs to the application
# context, which several requests may share.
_ENVIRON_KEY = "yoto.rate_limits"


class NotedLimit(NamedTuple):
    """The dimensions of one limiter in this request."""

    limiter: str
    statuses: Iterable[DimensionStatus]


def note_limits(limiter: str, statuses: Callable[[], Iterable[DimensionStatus]]) -> None:
    """Keep a limiter's result until the response; outside of a request it is not kept.

    ``statuses`` is called when the headers are made, not while the call waits.
    """
    if has_request_context():
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        asked.environ.setdefault(_ENVIRON_KEY, []).append((limiter, statuses))


def noted_limits() -> list[NotedLimit]:
    """The results of limiters in this request, in the order of asking."""
    if not has_request_context():
        return []
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    found = asked.environ.get(_ENVIRON_KEY, ())
    return [NotedLimit(limiter, statuses()) for limiter, statuses in found]


def rate_limit_headers(noted: Sequence[NotedLimit]) -> dict[str, str]:
    """The ``RateLimit-Policy`` and ``RateLimit`` headers; empty when no limit was asked.

    A policy is named after its dimension, with its limiter in front when there are several.
    If a limit was asked twice, the later result counts.
    """
    if len(noted) == 1 and isinstance(noted[0].statuses, LeaseView):
        return _of_lease(noted[0].statuses)
    several = len(noted) > 1 and len({one.limiter for one in noted}) > 1
    policies, limits = {}, {}
    for limiter, statuses in noted:
        for status in statuses:
            name = f"{limiter}/{status.name}" if several else status.name
            policies[name], left = _policy(name, status.limit, status.window)
            more = status.more_after
            limits[name] = f"{left}{max(0, status.remaining)}{'' if more is None else _when(more)}"
    if not limits:
        return {}
    return {POLICY_HEADER: ", ".join(policies.values()), LIMIT_HEADER: ", ".join(limits.values())}


def _of_lease(view: LeaseView) -> dict[str, str]:
    """As ``rate_limit_headers``; most of the texts is made once a lease."""
    lease, left = view.lease, view.left
    if lease.texts is None:
        named = [_policy(one.name, one.limit, one.window) for one in lease.statuses]
        lease.texts = ", ".join([policy for policy, _ in named]), [head for _, head in named]
    policies, heads = lease.texts
    if lease.others:
        limits = [f"{head}{left}" for head in heads]
    else:
        elapsed = view.at - lease.taken_at
        limits = [
            f"{head}{left + one.remaining}"
            + ("" if one.step is None else _when(until_more(one.reset_after - elapsed, one.step)))
            for head, one in zip(heads, lease.statuses, strict=True)
        ]
    return {POLICY_HEADER: policies, LIMIT_HEADER: ", ".join(limits)}


def _when(more_after: float) -> str:
    return f";t={math.ceil(more_after)}"


@lru_cache(maxsize=KEPT, typed=True)
def _policy(name: str, limit: float, window: float) -> tuple[str, str]:
    """A policy, and the beginning of its ``RateLimit`` value."""
    named = _string(name)
    # Whole seconds in the draft; a shorter window is shown as one second.
    return f"{named};q={limit};w={max(1, round(window))}", f"{named};r="


def _string(text: str) -> str:
    """A structured-field string: printable ASCII in quotes (RFC 9651, section 3.3.3)."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
