"""Settings of calls out."""

from __future__ import annotations

from yoto.settings import declares, share, whole


@declares
class Calls:
    """Calls out: [calls.md](calls.md)"""

    CALLS_RETRY_SHARE = share(
        0.2,
        0.0,
        "How many retries and hedges there may be for each call to a service.",
    )
    CALLS_THREADS = whole(
        64,
        1,
        10_000,
        "threads",
        "How many calls of one worker may be in threads of their own, those that were given up and"
        " have not returned included.",
    )
