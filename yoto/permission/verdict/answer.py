"""A resolution together with where it is from."""

from __future__ import annotations

from typing import NamedTuple

from yoto.permission.verdict.resolver import Resolution


class Answer(NamedTuple):
    """The response of a source, in the order in which ``Decision`` takes the last three.

    Attributes:
        tier: ``l1``, ``l2`` or ``db``.
        position: up to here every change is included; None: read in the caller's transaction.
        age_ms: milliseconds since it was read from the database.
    """

    resolution: Resolution
    tier: str = "db"
    position: str | None = None
    age_ms: float = 0.0
