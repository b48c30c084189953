"""Questions about what somebody may do."""

from app.blueprints.permissions.checks.views import checks

__all__ = ["checks"]
