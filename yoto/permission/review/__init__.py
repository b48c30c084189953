"""Access reviews: users with a permission, since when, by which ways, and changes of access."""

from yoto.permission.review.report import (
    ACCESS_COLUMNS,
    DIFFERENCE_COLUMNS,
    AccessDifference,
    AccessLine,
    AccessPage,
    access_rows,
    difference_rows,
)
from yoto.permission.review.reviewing import Reviewing

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
