"""Settings of access requests."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import Configured, declares, number, of, whole


@declares
class AccessRequests:
    """Access requests: [access-requests.md](access-requests.md)"""

    ACCESS_REQUEST_MAX_SECONDS = whole(
        604_800, 1, 31_536_000, "s", "The longest time for which a right is lent on request."
    )
    ACCESS_REQUEST_LAPSE_SECONDS = whole(
        604_800, 1, 31_536_000, "s", "How long an unanswered request stays open."
    )
    ACCESS_REQUEST_KEEP_DAYS = number(
        90.0, 0.01, 3650, "days", "How long a request is kept once it is over."
    )


@dataclass(frozen=True, slots=True)
class RequestSettings(Configured):
    """Settings of access requests.

    Attributes:
        max_seconds: the longest time for which a right is lent.
        lapse_seconds: the age at which an unanswered request lapses.
    """

    max_seconds: int = of("ACCESS_REQUEST_MAX_SECONDS")
    lapse_seconds: int = of("ACCESS_REQUEST_LAPSE_SECONDS")
