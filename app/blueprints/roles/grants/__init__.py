"""Permissions that roles allow and deny: single ones, and groups of them."""

from app.blueprints.roles.grants.views import grants

__all__ = ["grants"]
