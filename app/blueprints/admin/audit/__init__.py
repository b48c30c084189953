"""Reading the audit log."""

from app.blueprints.admin.audit.views import audit_log

__all__ = ["audit_log"]
