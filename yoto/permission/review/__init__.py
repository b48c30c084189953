"""Access reviews: users with a permission, since when, by which ways, and changes of access."""

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
