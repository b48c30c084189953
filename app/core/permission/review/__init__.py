"""Access reviews: who can do something, since when, by what, and what changed."""

from app.core.permission.review.report import AccessDifference, AccessLine, AccessPage
from app.core.permission.review.reviewing import Reviewing
from app.core.permission.review.tables import (
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
