"""What a request that goes out takes along, and how long it may take; for adapters of clients."""

from __future__ import annotations

import math
from collections.abc import Mapping

from yoto.deadlines import check_deadline, left_of, remaining

from .calling import attempt, call_once

# Methods that may be sent again and do no harm (RFC 9110, section 9.2.2).
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
# Milliseconds that are left for the answer, as Envoy and Yoto's own deadlines read them.
DEADLINE = "X-Envoy-Expected-Rq-Timeout-Ms"
# How many attempts of the same call went before, so that the service can tell retries from load.
RETRY = "X-Retry-Attempt"
# With it a service answers what it did already (draft-ietf-httpapi-idempotency-key-header).
KEY = "Idempotency-Key"


def headers_for(
    method: str, headers: Mapping[str, str], *, repeatable: bool | None = None
) -> dict[str, str]:
    """The headers to add to a request that is sent now, within ``@calls`` or not.

    ``@calls`` makes no other attempt after a request that must not be repeated, neither a retry nor
    a hedge: one whose method is not idempotent, without an ``Idempotency-Key``.

    Args:
        method: of the request, in upper or lower case.
        headers: what the request has; none of them is replaced.
        repeatable: whether it may be repeated; None: its method and its headers say.

    Raises:
        DeadlineExceeded: the deadline has passed, so that nothing may be sent.
    """
    check_deadline()
    names = {name.lower() for name in headers}
    if repeatable is None:
        repeatable = method.upper() in IDEMPOTENT or KEY.lower() in names
    if not repeatable:
        call_once()
    made: dict[str, str] = {}
    left, retries = remaining(), attempt() - 1
    if left is not None:
        made[DEADLINE] = str(max(1, int(left * 1000)))
    if retries > 0:
        made[RETRY] = str(retries)
    return {name: value for name, value in made.items() if name.lower() not in names}


def within(own: float | None) -> float | None:
    """The time-out of a socket, in seconds: its own, or what is left where that is less.

    Args:
        own: None: it has none.

    Returns: None: there is neither.

    Raises:
        DeadlineExceeded: the deadline has passed.
    """
    left = left_of(math.inf if own is None else own)
    return None if left == math.inf else left
