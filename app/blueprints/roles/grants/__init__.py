"""What roles allow and deny: single permissions, and groups of them."""

from app.blueprints.roles.grants.views import grants

__all__ = ["grants"]
