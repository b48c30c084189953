"""Accounts that may view and operate the platform."""

from app.blueprints.operators.accounts.views import operators_control

__all__ = ["operators_control"]
