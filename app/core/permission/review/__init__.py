"""Access reviews: who can do something, since when, by what, and what changed."""

from app.core.permission.review.report import AccessDifference, AccessLine, AccessPage
from app.core.permission.review.reviewing import Reviewing

__all__ = ["AccessDifference", "AccessLine", "AccessPage", "Reviewing"]
