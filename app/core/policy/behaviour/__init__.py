"""How somebody behaves: decaying counters in Redis, and a number for the risk in it."""

from app.core.policy.behaviour.counters import CountedAction
from app.core.policy.behaviour.extension import BehaviourWatch
from app.core.policy.behaviour.risk import Behaviour, Risk, risk_of

__all__ = ["Behaviour", "BehaviourWatch", "CountedAction", "Risk", "risk_of"]
