"""The behaviour of users: decaying counters in Redis, and a risk score."""

from yoto.policy.behaviour.counters import CountedAction
from yoto.policy.behaviour.extension import BehaviourWatch
from yoto.policy.behaviour.risk import Behaviour, risk_of

__all__ = [
    "Behaviour",
    "BehaviourWatch",
    "CountedAction",
    "risk_of",
]
