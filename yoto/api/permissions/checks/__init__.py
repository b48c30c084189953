"""Questions about what somebody may do."""

from yoto.api.permissions.checks.views import checks

__all__ = ["checks"]
