"""The second factor with which an operator signs in."""

from app.blueprints.operators.second_factor.views import second_factor_control

__all__ = ["second_factor_control"]
