"""The audit log, for operators."""

from yoto.control_plane.audit.views import audit_control

__all__ = ["audit_control"]
