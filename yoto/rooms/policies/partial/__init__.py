"""Reduces a set of policies to the part that can matter for a permission and a scope."""

from yoto.rooms.policies.partial.clauses import NotDivisible
from yoto.rooms.policies.partial.residual import Divided, Residual
from yoto.rooms.policies.partial.topic import TOPIC_PATHS, Topic

__all__ = ["TOPIC_PATHS", "Divided", "NotDivisible", "Residual", "Topic"]
