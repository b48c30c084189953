"""How somebody behaves: decaying counters in Redis, and a number for the risk in it."""

from yoto.policy.behaviour.counters import CountedAction
from yoto.policy.behaviour.extension import BehaviourWatch
from yoto.policy.behaviour.risk import Behaviour, risk_of

__all__ = [
    "Behaviour",
    "BehaviourWatch",
    "CountedAction",
    "risk_of",
]
