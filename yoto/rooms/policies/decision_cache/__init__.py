"""Verdicts that need no second evaluation."""

from yoto.rooms.policies.decision_cache.cache import DecisionCache
from yoto.rooms.policies.decision_cache.plan import CachePlan, Validity, plan_for

__all__ = ["CachePlan", "DecisionCache", "Validity", "plan_for"]
