"""The audit log and the permission registry."""

from yoto.api.admin.audit import audit_log
from yoto.api.admin.registry import registry

__all__ = ["audit_log", "registry"]
