"""The audit log and the permission registry."""

from app.blueprints.admin.audit import audit_log
from app.blueprints.admin.registry import registry

__all__ = ["audit_log", "registry"]
