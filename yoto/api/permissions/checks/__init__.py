"""Questions about rights."""

from yoto.api.permissions.checks.views import checks

__all__ = ["checks"]
