"""The audit log and the permission registry."""
