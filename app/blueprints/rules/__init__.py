"""Facts that policies check: rules of servers and channels, and the clearance of accounts."""

from app.blueprints.rules.views import rules

__all__ = ["rules"]
