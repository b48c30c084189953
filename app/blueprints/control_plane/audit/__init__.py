"""The audit log, for operators."""

from app.blueprints.control_plane.audit.views import audit_control

__all__ = ["audit_control"]
