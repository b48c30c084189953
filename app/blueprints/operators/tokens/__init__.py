"""API tokens of operators."""

from app.blueprints.operators.tokens.views import tokens_control

__all__ = ["tokens_control"]
