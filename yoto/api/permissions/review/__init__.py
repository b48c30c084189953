"""Access reviews: who can do something, since when and by what, and what changed."""

from yoto.api.permissions.review.views import review

__all__ = ["review"]
