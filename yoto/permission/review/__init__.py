"""Access reviews: who can do something, since when, by what, and what changed."""

from yoto.permission.review.report import AccessDifference, AccessLine, AccessPage
from yoto.permission.review.reviewing import Reviewing
from yoto.permission.review.tables import (
    ACCESS_COLUMNS,
    DIFFERENCE_COLUMNS,
    access_rows,
    difference_rows,
)

__all__ = [
    "ACCESS_COLUMNS",
    "DIFFERENCE_COLUMNS",
    "AccessDifference",
    "AccessLine",
    "AccessPage",
    "Reviewing",
    "access_rows",
    "difference_rows",
]
