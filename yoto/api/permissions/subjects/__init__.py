"""Teams, and programs that have accounts of their own."""

from yoto.api.permissions.subjects.views import applications, teams

__all__ = ["applications", "teams"]
