"""Reading the audit log."""

from yoto.api.admin.audit.views import audit_log

__all__ = ["audit_log"]
