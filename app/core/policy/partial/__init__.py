"""Which part of a set of policies can matter for a permission and a scope."""

from app.core.policy.partial.clauses import NotDivisible
from app.core.policy.partial.residual import Divided, Residual
from app.core.policy.partial.topic import TOPIC_PATHS, Topic

__all__ = ["TOPIC_PATHS", "Divided", "NotDivisible", "Residual", "Topic"]
