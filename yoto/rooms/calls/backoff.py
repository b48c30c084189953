"""The pause before a retry.

Full jitter: a time chosen at random between nothing and a bound that doubles (M. Brooker,
"Exponential Backoff And Jitter", AWS Architecture Blog, 2015). Retries of many callers that failed
together then come spread evenly, and no second peak follows the first.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

FIRST = 0.1  # s: the bound of the first pause
LONGEST = 20.0  # s: the bound of all pauses (AWS SDKs, standard mode)
# Of what a service asks for: callers that were told the same must not come back together.
SPREAD = 0.2
# The header by which our own overload refuses; a retry would make it worse.
NEVER = "X-Yoto-Shed"


def pause_before(
    retry: int, asked: float | None = None, dice: Callable[[], float] = random.random
) -> float:
    """Seconds to wait before the ``retry``-th retry, from 1.

    Args:
        asked: what the service asked for, in seconds; never less is waited then.
        dice: a number from 0 to below 1.
    """
    if asked is not None:
        return asked * (1 + SPREAD * dice())
    return dice() * min(LONGEST, FIRST * 2.0 ** min(retry - 1, 60))


def asked_for(error: BaseException, now: Callable[[], datetime] | None = None) -> float | None:
    """The seconds of ``Retry-After`` (RFC 9110, section 10.2.3) that a service sent with ``error``.

    As ``retry_after`` of the error, as the platform's own have it, or in the headers of its
    ``response``. None: it asked for nothing, or for what cannot be read.
    """
    own = getattr(error, "retry_after", None)
    if isinstance(own, int | float) and not isinstance(own, bool):
        return own if 0 <= own < math.inf else None
    text = headers_of(error).get("retry-after")
    if not isinstance(text, str):
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text) if len(text) < 10 else None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = datetime.now(UTC) if now is None else now()
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - moment.timestamp())


def is_shed(error: BaseException) -> bool:
    """Whether the service asks never to be asked again for this."""
    return NEVER.lower() in headers_of(error)


def headers_of(error: BaseException) -> dict[str, Any]:
    """The headers of the response that an error of a client has, by lower-case names; none: empty.

    That of botocore has a response that is a mapping.
    """
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        told = response.get("ResponseMetadata")
        headers = told.get("HTTPHeaders") if isinstance(told, Mapping) else None
    else:
        headers = getattr(response, "headers", None)
    if not isinstance(headers, Mapping):
        return {}
    return {str(name).lower(): value for name, value in headers.items()}
