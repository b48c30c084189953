"""Why a verdict is what it is; what somebody may use; who may use something."""

from yoto.api.permissions.insight.views import insight

__all__ = ["insight"]
