"""Access requests: asking for a right that one lacks, and lending it."""

from yoto.api.permissions.requests.views import access_requests

__all__ = ["access_requests"]
