"""Explanations of verdicts, and searches for resources and for people by permission."""

from yoto.api.permissions.insight.views import insight

__all__ = ["insight"]
