"""Permissions for operators: why somebody may, who may what, and all that a server grants."""
